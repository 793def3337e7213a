/**
 * The snapshot of a component: for PostgreSQL a backup session, held by this one process; for file trees nothing but the moment.
 * What later steps need of it is kept in the store, so that they may run in any process.
 */
import { z } from 'zod';
import { connectionOf } from '../../components/config-file/open-repository';
import { captureFacts } from '../../components/postgres/capture';
import { withClient } from '../../components/postgres/connection';
import { readControlFile } from '../../components/postgres/pg-control';
import { type ServerFacts, serverFacts } from '../../components/postgres/server';
import {
  BackupSession,
  type BackupStart,
  endSession,
  sessionAlive,
  sessionName,
} from '../../components/postgres/session';
import type { FilesFacts, PostgresFacts } from '../../domain/backup';
import { dataDirOf, filesOf, postgresOf } from '../../domain/config/names';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../../repository/copy';
import { getSealed, getSealedIfThere, putSealed } from '../../repository/documents';
import type { GenerationRef } from '../../repository/names';
import type { SiteContext } from '../context';
import type { JobPart, SnapshotOpened } from '../contracts';

/** What was known when the snapshot was opened; sealed in the store. */
export interface SnapshotRecord {
  openedAt: string;
  postgres?: { start: BackupStart; server: ServerFacts };
}

/** What a closed snapshot leaves; its presence says that the component's generation counts. */
export interface ClosedSnapshot {
  generation: number;
  runs: number;
  openedAt?: string;
  warnings: string[];
  postgres?: PostgresFacts;
  files?: FilesFacts;
}

const recordSchema = z.looseObject({ openedAt: z.string() }) as unknown as z.ZodType<SnapshotRecord>;
const closedSchema = z.looseObject({ generation: z.int(), runs: z.int() }) as unknown as z.ZodType<ClosedSnapshot>;

function recordKey({ backupId, component, generation }: GenerationRef): string {
  return `backups/${backupId}/snapshot/${component}/${generation}`;
}

export function closedKey(backupId: string, component: string): string {
  return `backups/${backupId}/closed/${component}`;
}

export async function openSnapshot(context: SiteContext, part: JobPart): Promise<SnapshotOpened> {
  const copy = (await context.repository()).copy(part.store);
  const { backupId, component, generation } = part;
  const record: SnapshotRecord = { openedAt: new Date().toISOString() };
  if (kindOf(part) === 'postgres') {
    const configured = postgresOf(context.config, context.site, component);
    const connection = await connectionOf(configured);
    const name = sessionKey(part);
    await context.sessions.get(name)?.abandon();
    const session = await BackupSession.open(connection, backupId, generation);
    context.sessions.set(name, session);
    record.postgres = { start: session.start, server: await withClient(connection, serverFacts) };
  }
  await putSealed(copy, recordKey({ backupId, component, generation }), record);
  return { processQueue: context.processQueue };
}

export async function snapshotRecord(context: SiteContext, store: string, ref: GenerationRef): Promise<SnapshotRecord> {
  return getSealed((await context.repository()).copy(store), recordKey(ref), recordSchema);
}

/** @throws HoldfastError `backup_session_lost` when no process holds the session any more */
export async function assertSnapshotHeld(
  context: SiteContext,
  { backupId, component, generation }: GenerationRef,
  kind: string,
): Promise<void> {
  if (kind !== 'postgres') return;
  const connection = await connectionOf(postgresOf(context.config, context.site, component));
  if (await sessionAlive(connection, sessionName(backupId, generation))) return;
  throw new HoldfastError('backup_session_lost', 'the backup session with the server was lost', {
    hints: ['the backup starts anew and reuses what it has stored'],
  });
}

export async function closeSnapshot(
  context: SiteContext,
  part: JobPart & { plan: { runs: number; warnings: string[] } },
): Promise<void> {
  const { backupId, component, generation, plan } = part;
  const copy = (await context.repository()).copy(part.store);
  const record = await getSealed(copy, recordKey({ backupId, component, generation }), recordSchema);
  const { openedAt } = record;
  const closed: ClosedSnapshot = { generation, runs: plan.runs, openedAt, warnings: [...plan.warnings] };
  if (kindOf(part) === 'postgres') {
    const session = context.sessions.get(sessionKey(part));
    if (!session) throw new HoldfastError('backup_session_lost', 'this process holds no session of the backup');
    const stop = await session.close();
    const dataDir = dataDirOf(context.config, context.site, component);
    const { start, server } = record.postgres as NonNullable<SnapshotRecord['postgres']>;
    const { facts, warnings } = captureFacts({ server, control: readControlFile(dataDir), dataDir, start, stop });
    closed.postgres = facts;
    closed.warnings.push(...warnings);
  } else {
    closed.files = { paths: filesOf(context.config, context.site, component).paths };
  }
  await putSealed(copy, closedKey(backupId, component), closed);
  context.sessions.delete(sessionKey(part));
}

/** From now on the generation of the component counts; where two come to their end, the first does. */
export async function putFirstClosed(
  copy: RepositoryCopy,
  { backupId, component }: JobPart,
  closed: ClosedSnapshot,
): Promise<void> {
  await putSealed(copy, closedKey(backupId, component), closed, { ifAbsent: true });
}

export async function closedSnapshot(
  context: SiteContext,
  store: string,
  backupId: string,
  component: string,
): Promise<ClosedSnapshot | undefined> {
  return getSealedIfThere((await context.repository()).copy(store), closedKey(backupId, component), closedSchema);
}

/**
 * Ends the session wherever it is held: by its name, so that it needs neither the process that opened it nor that process's word
 * that it did. A server that is not there holds no session.
 */
export async function abandonSnapshot(context: SiteContext, part: JobPart): Promise<void> {
  await context.sessions.get(sessionKey(part))?.abandon();
  context.sessions.delete(sessionKey(part));
  if (kindOf(part) !== 'postgres') return;
  const connection = await connectionOf(postgresOf(context.config, context.site, part.component));
  await endSession(connection, sessionName(part.backupId, part.generation)).catch((error: unknown) => {
    if (!isHoldfastError(error) || error.code !== 'postgres_unreachable') throw error;
  });
}

export function kindOf({ components, component }: Pick<JobPart, 'components' | 'component'>): string {
  return components.find(({ name }) => name === component)?.kind ?? 'files';
}

function sessionKey({ backupId, component, generation }: GenerationRef): string {
  return `${backupId}/${component}/${generation}`;
}
