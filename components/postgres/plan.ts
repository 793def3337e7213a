/**
 * What of a running server's files a base backup holds, and how each is to be read: to be asked for after the backup's start.
 *
 * Guaranteed: directories come before what they hold; `global/pg_control` comes last of all; links inside the data directory
 * are never stored as links, so that a restored copy cannot write into its source: tablespaces are trees of their own, a WAL
 * directory elsewhere becomes a plain one, any other link is named as skipped.
 */
import { readlinkSync } from 'node:fs';
import path from 'node:path';
import { pathBytes, type ReadCheck, showPath, type TreeEntry } from '../../domain/tree';
import type { Skipped } from '../tree/describe';
import { walkTree } from '../tree/walk';
import { emptied, exclusions, relationFile } from './exclusions';
import type { ControlFile } from './pg-control';

export interface PlannedEntry {
  entry: TreeEntry;
  /** How the file's bytes are to be judged; absent for what is no file. */
  check?: ReadCheck;
  /** To be stored after everything else. */
  last: boolean;
}

export interface PlanSource {
  dataDir: string;
  /** As the server lists them; one inside the data directory is part of that. */
  tablespaces: { oid: string; location: string }[];
  major: number;
  control: Pick<ControlFile, 'catalogVersion' | 'pageSize' | 'relationSegmentBlocks' | 'dataChecksums'>;
  /** From {@link BackupStart}. */
  startLsn: string;
}

const controlPath = 'global/pg_control';
const dataRoot = 'data';

/** Root → where it lies, for reading. A tablespace made in place, below `pg_tblspc`, is part of the data. */
export function sourceRoots({
  dataDir,
  tablespaces,
}: Pick<PlanSource, 'dataDir' | 'tablespaces'>): Record<string, string> {
  const outside = tablespaces.filter((one) => path.isAbsolute(one.location));
  return {
    [dataRoot]: dataDir,
    ...Object.fromEntries(outside.map(({ oid, location }) => [oid, tablespaceRoot(dataDir, oid, location)])),
  };
}

/** @throws HoldfastError `source_unreadable` */
export async function* planBackup(source: PlanSource): AsyncGenerator<PlannedEntry | Skipped, void, void> {
  const versionDir = `PG_${source.major}_${source.control.catalogVersion}`;
  let control: PlannedEntry | undefined;
  for (const [root, rootPath] of Object.entries(sourceRoots(source))) {
    for await (const item of planRoot(source, root, rootPath, root === dataRoot ? undefined : versionDir)) {
      if (!('skipped' in item) && item.last) control = item;
      else yield item;
    }
  }
  if (control) yield control;
}

async function* planRoot(
  source: PlanSource,
  root: string,
  rootPath: string,
  versionDir?: string,
): AsyncGenerator<PlannedEntry | Skipped, void, void> {
  const judge = exclusions(rootPath, versionDir);
  // One byte, one code unit: the names of PostgreSQL's own files are ASCII, and no other name is looked at closely.
  const exclude = (relative: Buffer, isDirectory: boolean) => judge(relative.toString('latin1'), isDirectory);
  for await (const found of walkTree(root, Buffer.from(rootPath), { exclude, details: 'plain' })) {
    if ('skipped' in found) {
      yield found;
    } else if (found.type === 'symlink') {
      const item = withoutLink(found);
      if (item) yield item;
    } else {
      yield planEntry(source, found);
    }
  }
}

function planEntry(source: PlanSource, entry: TreeEntry): PlannedEntry {
  if (entry.type !== 'file') return { entry, last: false };
  if (entry.root === dataRoot && entry.path === controlPath)
    return { entry, check: { kind: 'postgres-control' }, last: true };
  return { entry, check: pageCheck(source, entry), last: false };
}

function pageCheck({ control, startLsn }: PlanSource, entry: TreeEntry): ReadCheck {
  const whole = pathBytes(entry.path).toString('latin1');
  const file = relationFile(path.posix.dirname(whole), path.posix.basename(whole), entry.root === dataRoot);
  if (!control.dataChecksums || !file) return { kind: 'none' };
  const firstBlock = file.segment * control.relationSegmentBlocks;
  return { kind: 'postgres-pages', pageSize: control.pageSize, firstBlock, startLsn };
}

/** A directory that was put elsewhere by a link and is kept empty; undefined for a tablespace's link, which is made anew. */
function withoutLink(entry: TreeEntry): PlannedEntry | Skipped | undefined {
  const shown = showPath(entry.path);
  if (shown.startsWith('pg_tblspc/')) return undefined;
  if (shown === 'pg_wal' || emptied.has(shown)) {
    return { entry: { ...entry, type: 'directory', mode: 0o700, size: 0, target: undefined }, last: false };
  }
  return { skipped: { path: shown, reason: 'a link inside a data directory is not followed' } };
}

/** Where the server really finds it: the link counts, the catalog may spell it in another way. */
export function tablespaceRoot(dataDir: string, oid: string, location: string): string {
  try {
    return readlinkSync(path.join(dataDir, 'pg_tblspc', oid));
  } catch {
    return location;
  }
}
