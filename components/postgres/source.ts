/**
 * PostgreSQL as a component, from the running server to the promoted copy. Backup: `check` → `session` → this file's trees →
 * `capture`. Restore: `target`, `tablespace-conflicts` → `prepare` → `place-manifest` → `verify-restored` → `replay` → `validate`.
 *
 * Guaranteed: the server is never written to; what is stored replays to a consistent state from the backup's start on; a copy that
 * replays reaches neither its source nor the network. Not guaranteed, and somebody else's part: that the WAL is there (`wal/`).
 *
 * Here: the data directory as the tree `data`, every tablespace outside it as a tree named by its oid. To be opened after the
 * backup's start; what the files are worth while they change is for replay to put right.
 */
import { realpathSync } from 'node:fs';
import type { SourceTrees } from '../component';
import { measureTrees } from '../files/measure';
import { rootDirs } from '../tree/read';
import { type ControlFile, readControlFile } from './pg-control';
import { planBackup, sourceRoots } from './plan';
import type { ServerFacts } from './server';

export interface PostgresSource extends SourceTrees {
  kind: 'postgres';
  control: ControlFile;
}

/** @throws HoldfastError `wrong_data_directory`, `source_unreadable` */
export async function openPostgresSource(
  configuredDir: string,
  server: Pick<ServerFacts, 'major' | 'tablespaces'>,
  startLsn: string,
): Promise<PostgresSource> {
  const control = readControlFile(configuredDir);
  const source = { ...server, dataDir: realpathSync(configuredDir), control, startLsn };
  const dirs = rootDirs(sourceRoots(source));
  const expectedBytes = await measureTrees(dirs);
  return {
    kind: 'postgres',
    mayChange: true,
    control,
    dirs,
    ...(expectedBytes === undefined ? {} : { expectedBytes }),
    entries: () => planBackup(source),
  };
}
