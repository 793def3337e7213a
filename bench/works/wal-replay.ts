/**
 * Replaying WAL to the end of what is stored. What every contender does: one copy of the same backup, one server with the same
 * settings, from its start to its promotion; only where it gets its WAL differs. Ours has a spool of a fraction of the WAL, so that
 * nearly all of it is fetched while the server replays; beside it what fits the disk is spooled first. The limit copies local files.
 */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { ownerOf } from '../../components/postgres/owner';
import { endReplay, replay } from '../../components/postgres/replay';
import { findServerTools } from '../../components/postgres/tools';
import { type Contender, contest } from '../contest';
import { Holdfast } from '../holdfast';
import { processes } from '../peers/peer';
import { createStanza } from '../peers/pgbackrest';
import type { Row } from '../row';
import type { Session } from '../session';
import { findProgram } from '../timed';
import { WalSource } from '../wal-source';

const spool = '128MiB';

export async function walReplay(session: Session): Promise<Row> {
  const { bed, options } = session;
  const source = await WalSource.start(bed);
  const { cluster } = source;
  process.env['HOLDFAST_PG_BINDIRS'] ??= cluster.binDir;
  const dir = bed.folder('wal-replay');
  const holdfast = await Holdfast.create({ dir, cluster, config: { restore: { spool } } });
  bed.atEnd(() => holdfast.down());
  const archiveGet = await pgbackrestOf(session, source);
  await holdfast.perform('backup');
  const { bytes, end } = await source.write((options.mib / 2) * 2 ** 20);
  await source.stored(end);
  await source.archived();
  const target = path.join(dir, 'to');
  const clean = async () => rmSync(target, { recursive: true, force: true });
  const contender = (name: string, restoreCommand?: string): Contender => ({
    name,
    clean,
    run: () => replayCopy(holdfast, target, restoreCommand),
  });
  const row = await contest({
    ...{ work: 'wal-replay', rounds: options.rounds, bytes: () => bytes, say: options.say },
    ours: { name: 'holdfast', clean, run: () => restoreAndReplay(holdfast, target) },
    peers: archiveGet === undefined ? [] : [contender('pgbackrest archive-get', archiveGet)],
    limit: contender('local files'),
    missing: archiveGet === undefined ? ['pgbackrest'] : [],
  });
  await holdfast.down();
  return row;
}

async function pgbackrestOf({ bed }: Session, source: WalSource): Promise<string | undefined> {
  const program = findProgram('pgbackrest');
  if (program === undefined) return undefined;
  const more = ['archive-async=y', `archive-get-queue-max=${spool}`, `archive-push-queue-max=100GB`];
  const stanza = { cluster: source.cluster, dir: bed.folder('pgbackrest-get'), more };
  const command = await createStanza(bed, program, stanza);
  await source.archiveWith(`${command} archive-push %p`);
  return `${command} --pg1-path="$PWD" --process-max=${processes} archive-get %f "%p"`;
}

/** The whole procedure; what counts is its replay. */
async function restoreAndReplay(holdfast: Holdfast, target: string) {
  const { result, cpu, steps } = await holdfast.perform('restore', 'latest', '--to', target);
  const replaying = steps['replay database to the target'] ?? Number.NaN;
  const reading = steps['fetch WAL'] ?? Number.NaN;
  const more = { 'reading all WAL first s': reading, 'whole restore s': result.seconds, 'cpu s': cpu };
  return { seconds: replaying, more: { ...more, 'worker peak MiB': holdfast.peakMemory } };
}

/** A copy that is only placed, replayed as the product would, out of its own spool or with another's command. */
async function replayCopy(holdfast: Holdfast, target: string, restoreCommand?: string) {
  const { result } = await holdfast.perform('restore', 'latest', '--to', target, '--place-only');
  const dataDir = result.restored?.[0]?.path ?? path.join(target, 'database');
  const owner = ownerOf(dataDir);
  const spoolDir = spoolBeside(dataDir);
  const request = {
    ...{ owner, dataDir, spoolDir, restoreCommand, runDir: `${dataDir}.run`, timeline: '1' },
    tools: await findServerTools(Number(readFileSync(path.join(dataDir, 'PG_VERSION'), 'utf8'))),
  };
  const started = performance.now();
  await replay({ ...request, target: { kind: 'end-of-wal' } });
  const seconds = (performance.now() - started) / 1000;
  await endReplay(request, 'immediate');
  return { seconds };
}

/** Where `--place-only` has left it, by the command that it wrote. */
function spoolBeside(dataDir: string): string {
  const settings = readFileSync(path.join(dataDir, 'postgresql.auto.conf'), 'utf8');
  const found = /cp ''(.+?)\/''%f/.exec(settings)?.[1];
  if (found === undefined) throw new Error('the copy names no spool');
  return found;
}
