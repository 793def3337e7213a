/** The few files of a replaying instance that lie outside its data directory, and its lock file. */
import { createHash } from 'node:crypto';
import { chmodSync, lstatSync, mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { HoldfastError } from '../../domain/errors';
import { isZombie, pidTaken, runningInstance, waitUntilFree } from './instance';
import { giveTo, type Owner } from './owner';

export interface RunFiles {
  conf: string;
  hba: string;
  ident: string;
  log: string;
}

/** Makes the directory and its files, or completes them. Trust is safe: only the owner and root pass the socket's directory. */
export function layOutRunDir(runDir: string, owner: Owner, major: number): RunFiles {
  mkdirSync(runDir, { recursive: true, mode: 0o700 });
  giveTo(owner, runDir);
  const at = (name: string) => path.join(runDir, name);
  const files = {
    conf: at('postgresql.conf'),
    hba: at('pg_hba.conf'),
    ident: at('pg_ident.conf'),
    log: at('replay.log'),
  };
  const contents = [
    [files.conf, versionSettings(major)],
    [files.hba, 'local all all trust\n'],
    [files.ident, ''],
  ] as const;
  for (const [file, text] of contents) {
    writeFileSync(file, text, { mode: 0o600 });
    giveTo(owner, file);
  }
  writeFileSync(files.log, '', { mode: 0o600, flag: 'a' });
  giveTo(owner, files.log);
  return files;
}

/** What some versions would refuse, and none needs. */
function versionSettings(major: number): string {
  const lines: string[] = [];
  if (major >= 15) lines.push("log_startup_progress_interval = '1s'");
  // One call for the whole file system instead of an fsync of every file; what was placed is synced already.
  if (major >= 14 && process.platform === 'linux') lines.push('recovery_init_sync_method = syncfs');
  return `${lines.join('\n')}\n`;
}

/** The same for every attempt on one data directory; short, since a socket's path may have 107 bytes. */
function socketDirOf(dataDir: string): string {
  const name = createHash('sha256').update(realpathSync(dataDir)).digest('hex').slice(0, 12);
  return path.join(tmpdir(), `holdfast-${name}`);
}

/** @throws HoldfastError `target_in_use` when somebody else made a directory of that name */
export function privateSocketDir(dataDir: string, owner: Owner): string {
  const directory = socketDirOf(dataDir);
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const found = lstatSync(directory);
  const ours = found.uid === owner.uid || found.uid === process.getuid?.();
  if (!found.isDirectory() || !ours) {
    throw new HoldfastError('target_in_use', 'the directory for sockets belongs to somebody else', {
      where: directory,
    });
  }
  chmodSync(directory, 0o700);
  giveTo(owner, directory);
  return directory;
}

export function dropRunFiles(runDir: string, dataDir: string): void {
  rmSync(runDir, { recursive: true, force: true });
  if (lstatSync(dataDir, { throwIfNoEntry: false })) rmSync(socketDirOf(dataDir), { recursive: true, force: true });
}

/**
 * Makes room for a start: waits for a killed server that its parent has not reaped yet, and removes a lock file whose pid now
 * belongs to something else.
 * @throws HoldfastError `target_in_use` when the killed server does not go
 */
export async function clearStalePidFile(dataDir: string): Promise<void> {
  const file = path.join(dataDir, 'postmaster.pid');
  const pid = pidIn(file);
  if (pid === undefined || !pidTaken(pid) || runningInstance(dataDir)) return;
  if (isZombie(pid)) await waitUntilFree(pid);
  else rmSync(file, { force: true });
}

function pidIn(file: string): number | undefined {
  try {
    const pid = Number(readFileSync(file, 'utf8').split('\n')[0]);
    return Number.isInteger(pid) && pid > 1 ? pid : undefined;
  } catch {
    return undefined;
  }
}
