/**
 * What a sealed backup must know of its server, for one whose files cannot be looked at: from the stream, from the `pg_control` that
 * was in it, and from SQL where the role's rights go so far. What `../capture.ts` does on the server's own host.
 */
import type pg from 'pg';
import type { PostgresFacts } from '../../../domain/backup';
import { HoldfastError } from '../../../domain/errors';
import { connectionError } from '../connection';
import type { ServerFacts } from '../server';
import { clock } from '../session';
import type { BackupBeginning } from './copy-out';
import type { StreamEnd } from './stream';

export interface StreamCapture {
  /** As it was before the backup began: its clock is the backup's start. */
  server: ServerFacts;
  beginning: BackupBeginning;
  end: StreamEnd;
  /** Owner of the server's files, as they came. */
  owner: PostgresFacts['owner'];
}

/**
 * @param client asks the server's clock now, after the backup's end
 * @returns the facts, and a warning for each thing that is not known
 * @throws HoldfastError `wrong_system` when another server answered than the one that sent its files
 */
export async function captureStreamed(
  client: pg.Client,
  { server, beginning, end, owner }: StreamCapture,
): Promise<{ facts: PostgresFacts; warnings: string[] }> {
  const { control } = end;
  if (control.systemIdentifier !== server.systemIdentifier || end.stop.timeline !== beginning.timeline) {
    throw new HoldfastError(
      'wrong_system',
      'the base backup came from another server, or another timeline, than the one that answers',
      {
        hints: ['does the connection lead to one server only, without a balancer in between?'],
      },
    );
  }
  const { configFiles, warnings } = await readConfiguration(client, server);
  const facts: PostgresFacts = {
    systemIdentifier: control.systemIdentifier,
    versionNum: server.versionNum,
    timeline: beginning.timeline,
    startLsn: beginning.lsn,
    stopLsn: end.stop.lsn,
    startTime: server.now,
    stopTime: await serverClock(client),
    segmentSize: control.walSegmentSize,
    pageSize: control.pageSize,
    relationSegmentBlocks: control.relationSegmentBlocks,
    dataChecksums: control.dataChecksums,
    backupLabel: end.backupLabel,
    tablespaceMap: end.tablespaceMap,
    tablespaces: beginning.tablespaces,
    dataDir: server.dataDir ?? '',
    owner,
    configFiles,
    settings: {
      ...Object.fromEntries(Object.entries(control.settings).map(([name, value]) => [name, String(value)])),
      shared_preload_libraries: server.settings['shared_preload_libraries'] ?? '',
      // Not a setting: the role that certainly exists and may do everything in a restored copy.
      bootstrap_user: server.bootstrapUser,
    },
  };
  return { facts, warnings };
}

async function serverClock(client: pg.Client): Promise<string> {
  try {
    const { rows } = await client.query<{ now: string }>(`select ${clock} as now`);
    return rows[0]?.now ?? '';
  } catch (error) {
    throw connectionError(error);
  }
}

/** Configuration outside the data directory, read by the server, where the role may ask it to (`pg_read_server_files`). */
async function readConfiguration(
  client: pg.Client,
  { outsideConfig }: ServerFacts,
): Promise<Pick<PostgresFacts, 'configFiles'> & { warnings: string[] }> {
  const configFiles: PostgresFacts['configFiles'] = [];
  const warnings: string[] = [];
  for (const path of outsideConfig) {
    try {
      const { rows } = await client.query<{ contents: string }>('select pg_read_file($1) as contents', [path]);
      configFiles.push({ path, contents: rows[0]?.contents ?? '' });
    } catch {
      warnings.push(`${path} could not be read`);
    }
  }
  return { configFiles, warnings };
}
