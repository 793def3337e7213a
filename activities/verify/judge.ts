/** What others than we say of a test restore: PostgreSQL's own tools, its own account of the replay, and the user's probes. */
import { cancellationSignal } from '@temporalio/activity';
import { readEveryRow } from '../../components/postgres/amcheck';
import { withClient } from '../../components/postgres/connection';
import { replay as replayInstance } from '../../components/postgres/replay';
import { validate as validateServer } from '../../components/postgres/validate';
import { judgeFiles, refusedFiles } from '../../components/postgres/verify-restored';
import { HoldfastError } from '../../domain/errors';
import { formatInstant, type Micros } from '../../domain/instant';
import type { SiteContext } from '../context';
import type { RestorePart } from '../contracts';
import { replayOrder } from '../restore/fetch-wal';
import { databaseOf } from '../restore/replay';
import { readSpoolPlan } from '../restore/spool-plan';
import type { Evidence } from './contracts';

/** Before anything is replayed: the files against the manifest. @throws HoldfastError `validation_failed` */
export async function judgePlaced(context: SiteContext, part: RestorePart): Promise<Evidence> {
  const { component, request } = await databaseOf(context, part);
  const { tools, owner, dataDir } = request;
  const { room, segments } = readSpoolPlan(component.workDir);
  const withWal = segments.length <= room;
  const judged = await judgeFiles(tools, owner, dataDir, { withWal, signal: cancellationSignal() });
  if (judged.unable !== undefined) return { evidence: [], findings: [`${judged.unable}: nobody judged the files`] };
  if (judged.complaints.length > 0) throw refusedFiles(dataDir, judged.complaints);
  return { evidence: [`${part.component}: pg_verifybackup: ${judged.said}`], findings: [] };
}

/** While the replayed server still runs. @throws HoldfastError `validation_failed` */
export async function judgeReplayed(context: SiteContext, part: RestorePart): Promise<Evidence> {
  const { component, facts, probes, request } = await databaseOf(context, part);
  const { tools, owner } = request;
  const signal = cancellationSignal();
  const { connection } = await replayInstance(request);
  const { systemIdentifier } = facts;
  const { databases, relations, amcheck } = await validateServer({
    ...{ connection, systemIdentifier, probes: [], signal },
    amcheck: { tools, owner, install: true },
  });
  const tables = amcheck ? 0 : await readEveryRow(connection, databases, signal);
  const told = (text: string) => `${part.component}: ${text}`;
  return {
    evidence: [
      told(`started, ${databases.length} databases with ${relations} tables opened`),
      told(amcheck ? 'pg_amcheck: no damage in any table or index' : `every row of ${tables} tables was read`),
      told(`${probes.length} probes hold`),
      told(await lastTransaction(connection, replayOrder(component.workDir))),
    ],
    findings: amcheck ? [] : ['the extension amcheck is not installed here: rows were read, indexes were not judged'],
  };
}

/**
 * Two who do not know of each other: our scan of the stored WAL says which transaction is the last before the target, and PostgreSQL which
 * one it replayed last. A rollback counts for it, and for us it does not: it may name a later one, never one beyond the target.
 */
async function lastTransaction(
  connection: Parameters<typeof withClient>[0],
  { tell, last }: ReturnType<typeof replayOrder>,
): Promise<string> {
  const replayed = await withClient(connection, async (client) => {
    const micros = `(extract(epoch from pg_last_xact_replay_timestamp()) * 1000000)::bigint::text`;
    const { rows } = await client.query<{ at: string | null }>(`select ${micros} as at`);
    const at = rows[0]?.at ?? undefined;
    return at === undefined ? undefined : BigInt(at);
  });
  const scanned = last === undefined ? undefined : BigInt(last);
  if (scanned !== undefined && (replayed === undefined || replayed + orderMicros < scanned)) {
    throw wrongEnd(`a transaction of ${formatInstant(scanned)} is stored and was not replayed`);
  }
  if (tell.kind === 'time' && replayed !== undefined && isBeyond(replayed, tell.at, tell.inclusive)) {
    throw wrongEnd(`a transaction of ${formatInstant(replayed)} was replayed, beyond the target`);
  }
  if (replayed === undefined) return 'no transaction lies between the backup and the target';
  const agree = replayed === scanned ? ', as the stored WAL says' : '';
  return `the last transaction that is there is of ${formatInstant(replayed)}${agree}`;
}

/** Transactions that end at the same moment may stand in the WAL in another order than their times. */
const orderMicros = 1_000_000n;

function isBeyond(at: Micros, target: Micros, inclusive: boolean): boolean {
  return inclusive ? at > target : at >= target;
}

function wrongEnd(message: string): HoldfastError {
  return new HoldfastError('validation_failed', message, {
    hints: ['keep the stores as they are, and report this: a restore must end where it was told to'],
  });
}
