/**
 * A stream that builds upon earlier backups. What the server can tell of changed blocks (PostgreSQL 17 and later) is all that it sends; whatever comes
 * whole is compared block by block with what the chain holds, and only what differs is stored.
 */
import { log } from '@temporalio/activity';
import type { PriorBackup } from '../../../components/postgres/base-backup/prior-manifest';
import { BaseBackupStream, type StreamedEntry } from '../../../components/postgres/base-backup/stream';
import type { ServerFacts } from '../../../components/postgres/server';
import type { ReplicationConnection } from '../../../components/postgres/wal/replication';
import type { PostgresFacts } from '../../../domain/backup';
import { blockBytes } from '../../../domain/blocks';
import type { ChainState } from '../../../domain/chain-state';
import { isHoldfastError } from '../../../domain/errors';
import type { FileChange } from '../../../domain/plan-runs';
import { pathBytes } from '../../../domain/tree';
import type { RepositoryCopy } from '../../../repository/copy';
import type { JobPart } from '../../contracts';
import { chainState, compared } from '../changes';
import { chainManifests } from '../parent';

const firstVersionThatTells = 170_000;

/** What the chain holds of this very database system. */
export interface Upon {
  state: ChainState;
  /** Of the newest backup of the chain. */
  facts: PostgresFacts;
}

/** Undefined when nothing is to be built upon, or nothing of this system is in it. */
export async function uponChain(copy: RepositoryCopy, part: JobPart, server: ServerFacts): Promise<Upon | undefined> {
  if (part.chain === undefined) return undefined;
  const manifests = await chainManifests(copy, part.chain);
  const facts = manifests.at(-1)?.components[part.component]?.postgres;
  if (facts?.systemIdentifier !== server.systemIdentifier) return undefined;
  return { facts, state: await chainState(copy, manifests, part.component) };
}

/** Asks for what changed where the server can tell, else for everything. @throws HoldfastError as `BaseBackupStream.begin` */
export async function beginStream(
  connection: ReplicationConnection,
  label: string,
  server: ServerFacts,
  upon: Upon | undefined,
): Promise<BaseBackupStream> {
  const tells = server.versionNum >= firstVersionThatTells && server.settings['summarize_wal'] === 'on';
  if (upon === undefined || !tells || server.pageSize !== blockBytes) {
    return await BaseBackupStream.begin(connection, label);
  }
  try {
    return await BaseBackupStream.beginUpon(connection, label, priorOf(upon), server.pageSize);
  } catch (error) {
    if (!isHoldfastError(error) || error.retryable || error.code === 'backup_session_lost') throw error;
    log.info(`the server sends everything, and it is compared: ${error.message}`);
    return await BaseBackupStream.begin(connection, label);
  }
}

/** What may be another of an entry than the chain holds. */
export function changeOf({ entry, extents }: StreamedEntry, upon: Upon | undefined): FileChange | undefined {
  if (entry.type !== 'file' || upon === undefined) return undefined;
  if (extents !== undefined) return extents.length === 0 ? { kind: 'none' } : { kind: 'extents', extents };
  const file = upon.state.get(entry.root, entry.path);
  return file && compared(file);
}

function priorOf({ facts, state }: Upon): PriorBackup {
  const { systemIdentifier, timeline, startLsn, stopLsn } = facts;
  return { systemIdentifier, timeline, startLsn, stopLsn, files: filesOf(state) };
}

/** Only what was read without a doubt: the rest is to come whole. */
function* filesOf(state: ChainState): Generator<{ path: Buffer; size: number }> {
  for (const { entry, size, sure } of state.all()) {
    if (!sure) continue;
    const relative = pathBytes(entry.path);
    const path = entry.root === 'data' ? relative : Buffer.concat([Buffer.from(`pg_tblspc/${entry.root}/`), relative]);
    yield { path, size };
  }
}
