/**
 * Makes placed files a data directory that can be replayed: what the backup left out because it differs from host to host.
 * To be called after the tree is finished and before the manifest is written. May run twice.
 *
 * Guaranteed: no link leads to the source's own tablespaces or WAL unless the caller's map says so; the backup's own WAL lies in
 * `pg_wal`, marked as archived, so that `pg_verifybackup` finds it and nobody pushes it again.
 */
import {
  constants,
  copyFileSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { PostgresFacts } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import { parseLsn, segmentName, segmentOf } from '../../domain/lsn';
import { restoreCapturedConfig } from './captured-config';
import { emptied } from './exclusions';
import type { GeneratedFile } from './manifest';
import { minimalConfig } from './minimal-config';
import { giveTo, type Owner } from './owner';

export interface PrepareRequest {
  dataDir: string;
  owner: Owner;
  facts: PostgresFacts;
  /** Where each tablespace was placed: oid → absolute path. */
  tablespaces: Record<string, string>;
  /** Holds the WAL from the backup's start to its stop, whole segments by name. */
  spoolDir: string;
  /** The spool is too small for all of that: the server is fed with the rest while it replays. */
  isFed?: boolean;
  /** The original place: configuration that is missing outside the data directory is put back. */
  inPlace: boolean;
}

export interface Prepared {
  /** What belongs into the manifest beside the backup's own files. */
  generated: GeneratedFile[];
  /** For the operator: what was put beside, what differs. */
  notes: string[];
}

/** @throws HoldfastError `log_apply_failed` when the backup's own WAL is not in the spool, `database_restore_failed` */
export function prepareDataDirectory(request: PrepareRequest): Prepared {
  const { dataDir, owner, facts } = request;
  const directories = ['pg_wal', 'pg_wal/archive_status', 'pg_tblspc', ...emptied];
  for (const one of directories) {
    if (one !== 'pg_wal/summaries' || facts.versionNum >= 170000) ownDirectory(path.join(dataDir, one), owner);
  }
  for (const name of ['tablespace_map', 'postmaster.pid', 'postmaster.opts']) {
    rmSync(path.join(dataDir, name), { force: true });
  }
  linkTablespaces(request);
  placeOwnWal(request);
  const label = { path: 'backup_label', contents: Buffer.from(facts.backupLabel) };
  // Debian: neither the original nor a restored copy there keeps its configuration with the data.
  const minimal = request.inPlace
    ? []
    : minimalConfig(facts, owner).filter((one) => !existsSync(path.join(dataDir, one.path)));
  const generated = [label, ...minimal];
  for (const file of generated) writeOwned(path.join(dataDir, file.path), file.contents, owner);
  return { generated, notes: restoreCapturedConfig(request) };
}

function linkTablespaces({ dataDir, owner, facts, tablespaces }: PrepareRequest): void {
  for (const { oid, location } of facts.tablespaces) {
    if (!path.isAbsolute(location)) continue; // made in place: part of the data directory
    const target = tablespaces[oid];
    if (!target || !path.isAbsolute(target)) {
      throw new HoldfastError('database_restore_failed', `it is not said where tablespace ${oid} was placed`);
    }
    ownDirectory(target, owner);
    const link = path.join(dataDir, 'pg_tblspc', oid);
    rmSync(link, { force: true });
    symlinkSync(target, link);
  }
}

function placeOwnWal(request: PrepareRequest): void {
  const { dataDir, owner, facts } = request;
  const last = segmentOf(parseLsn(facts.stopLsn) - 1n, facts.segmentSize);
  for (let number = segmentOf(parseLsn(facts.startLsn), facts.segmentSize); number <= last; number++) {
    const name = segmentName(facts.timeline, number, facts.segmentSize);
    const file = path.join(dataDir, 'pg_wal', name);
    const spooled = spooledSegment(request, name);
    if (!spooled) return;
    const { from, isOwn } = spooled;
    // A copy and no second name: the server writes into the segments it recycles.
    copyFileSync(from, file, constants.COPYFILE_FICLONE);
    if (!isOwn && number === last) eraseBeyond(file, Number(parseLsn(facts.stopLsn) % BigInt(facts.segmentSize)));
    giveTo(owner, file);
    writeOwned(path.join(dataDir, 'pg_wal/archive_status', `${name}.done`), Buffer.alloc(0), owner);
  }
}

/**
 * Where the server left the backup's timeline within the backup's last segment, the newer timeline's file stands for it: it
 * begins with a copy of its ancestor's.
 */
function spooledSegment({ spoolDir, isFed }: PrepareRequest, name: string): SpooledSegment | undefined {
  const isSame = (one: string) => one.length === name.length && one.slice(8) === name.slice(8);
  const names = existsSync(spoolDir) ? readdirSync(spoolDir).filter(isSame).sort() : [];
  const found = names.includes(name) ? name : names.at(-1);
  if (found !== undefined) return { from: path.join(spoolDir, found), isOwn: found === name };
  if (isFed) return undefined;
  throw new HoldfastError('log_apply_failed', `the backup's own WAL segment ${name} is missing`, { where: spoolDir });
}

interface SpooledSegment {
  from: string;
  isOwn: boolean;
}

/** Nothing of another timeline may stand under this one's name. */
function eraseBeyond(file: string, offset: number): void {
  if (offset === 0) return; // the backup ends with the segment
  const { size } = statSync(file);
  truncateSync(file, offset);
  truncateSync(file, size);
}

function ownDirectory(directory: string, owner: Owner): void {
  if (lstatSync(directory, { throwIfNoEntry: false })?.isDirectory()) return;
  mkdirSync(directory, { mode: 0o700, recursive: true });
  giveTo(owner, directory);
}

function writeOwned(file: string, contents: Buffer, owner: Owner): void {
  writeFileSync(file, contents, { mode: 0o600, flush: true });
  giveTo(owner, file);
}
