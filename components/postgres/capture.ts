/** Gathers what a sealed backup must know of its server, so that a restore needs nobody but the backup. */
import { readFileSync } from 'node:fs';
import type { PostgresFacts } from '../../domain/backup';
import { ownerOf } from './owner';
import type { ControlFile } from './pg-control';
import type { ServerFacts } from './server';
import type { BackupStart, BackupStop } from './session';

export interface Capture {
  server: ServerFacts;
  control: ControlFile;
  /** As configured: the directory that was read. */
  dataDir: string;
  start: BackupStart;
  stop: BackupStop;
}

/** @returns the facts, and a warning for each configuration file that could not be read */
export function captureFacts({ server, control, dataDir, start, stop }: Capture): {
  facts: PostgresFacts;
  warnings: string[];
} {
  const owner = ownerOf(dataDir);
  const configFiles = server.outsideConfig.map(readConfig);
  const warnings = configFiles
    .filter((one) => one.contents === undefined)
    .map((one) => `${one.path} could not be read`);
  const facts: PostgresFacts = {
    systemIdentifier: server.systemIdentifier,
    versionNum: server.versionNum,
    timeline: start.timeline,
    startLsn: start.startLsn,
    stopLsn: stop.stopLsn,
    startTime: start.startTime,
    stopTime: stop.stopTime,
    segmentSize: server.walSegmentSize,
    pageSize: server.pageSize,
    relationSegmentBlocks: server.relationSegmentBlocks,
    dataChecksums: server.dataChecksums,
    backupLabel: stop.backupLabel,
    tablespaceMap: stop.tablespaceMap,
    tablespaces: server.tablespaces.map(({ oid, location }) => ({ oid, location })),
    dataDir,
    owner: { user: owner.user ?? String(owner.uid), uid: owner.uid, gid: owner.gid },
    configFiles: configFiles.filter((one): one is { path: string; contents: string } => one.contents !== undefined),
    settings: {
      ...Object.fromEntries(Object.entries(control.settings).map(([name, value]) => [name, String(value)])),
      shared_preload_libraries: server.settings['shared_preload_libraries'] ?? '',
      // Not a setting: the role that certainly exists and may do everything in a restored copy.
      bootstrap_user: server.bootstrapUser,
    },
  };
  return { facts, warnings };
}

function readConfig(path: string): { path: string; contents?: string } {
  try {
    return { path, contents: readFileSync(path, 'utf8') };
  } catch {
    return { path };
  }
}
