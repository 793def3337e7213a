/**
 * What of a data directory does not belong into a base backup (PostgreSQL manual, "Making a Base Backup Using the Low Level
 * API", and the list of its own pg_basebackup): what the server makes anew at start, and what must not be restored.
 *
 * Works on the names of one directory at a time; a relation that becomes unlogged or vanishes later is put right by replay.
 */
import { readdirSync } from 'node:fs';
import path from 'node:path';

export type Verdict = 'skip' | 'keep-empty' | undefined;

/** Directories whose contents are worthless in a copy. */
export const emptied = new Set([
  ...['pg_replslot', 'pg_dynshmem', 'pg_notify', 'pg_serial', 'pg_snapshots', 'pg_stat_tmp', 'pg_subtrans'],
  ...['pg_wal/archive_status', 'pg_wal/summaries'],
]);
/** Files of the data directory itself that no copy may have. */
export const leftOut = new Set([
  ...['postmaster.pid', 'postmaster.opts', 'backup_label', 'backup_label.old', 'tablespace_map', 'tablespace_map.old'],
  ...['backup_manifest', 'postgresql.auto.conf.tmp', 'current_logfiles.tmp', 'recovery.signal', 'standby.signal'],
]);

const relation = /^(t\d+_)?(\d+)(?:_(fsm|vm|init))?(?:\.(\d+))?$/;
const databaseOfData = /^base\/\d+$/;
const databaseOfSpace = /^PG_[^/]+\/\d+$/;

export interface RelationFile {
  /** Names the relation within its directory. */
  relfilenode: string;
  /** Which 1 GiB piece of its fork the file is. */
  segment: number;
}

/** What a file name says when it is that of a relation's fork which a backup keeps; undefined otherwise. */
export function relationFile(directory: string, name: string, ofData: boolean): RelationFile | undefined {
  const holdsRelations = ofData
    ? directory === 'global' || databaseOfData.test(directory)
    : databaseOfSpace.test(directory);
  const match = holdsRelations ? relation.exec(name) : null;
  if (!match || match[1]) return undefined;
  return { relfilenode: match[2] as string, segment: Number(match[4] ?? 0) };
}

/**
 * A judge of paths relative to one root, to be asked in the order of a walk.
 * @param rootPath where the root lies, to look for the init forks of unlogged relations
 * @param versionDir name of the one directory of a tablespace that is this server's; undefined for the data directory
 */
export function exclusions(rootPath: string, versionDir?: string): (relative: string, isDirectory: boolean) => Verdict {
  const ofData = versionDir === undefined;
  let unlogged = { directory: '', relations: new Set<string>() };
  const isUnlogged = (directory: string, name: string) => {
    const match = relation.exec(name);
    if (!match || match[3] === 'init') return false;
    if (unlogged.directory !== directory) {
      unlogged = { directory, relations: unloggedRelations(path.join(rootPath, directory)) };
    }
    return unlogged.relations.has(match[2] as string);
  };

  return (relative, isDirectory) => {
    const directory = path.posix.dirname(relative);
    const name = path.posix.basename(relative);
    if (name.startsWith('pgsql_tmp')) return isDirectory ? 'keep-empty' : 'skip';
    if (!ofData && directory === '.' && name !== versionDir) return 'skip';
    if (ofData && emptied.has(relative)) return 'keep-empty';
    if (ofData && directory === 'pg_wal') return 'skip';
    if (isDirectory) return undefined;
    if (ofData && directory === '.' && leftOut.has(name)) return 'skip';
    if (name.startsWith('pg_internal.init')) return 'skip';
    const ofDatabase = (ofData ? databaseOfData : databaseOfSpace).test(directory);
    if (ofDatabase && (/^t\d+_\d+/.test(name) || isUnlogged(directory, name))) return 'skip';
    return undefined;
  };
}

function unloggedRelations(directory: string): Set<string> {
  try {
    const init = readdirSync(directory).map((name) => /^(\d+)_init$/.exec(name)?.[1]);
    return new Set(init.filter((one) => one !== undefined));
  } catch {
    return new Set(); // the database was dropped meanwhile
  }
}
