/**
 * Running PostgreSQL's programs as the owner of a data directory: the server refuses to run as root, and files made by the wrong
 * user would lock it out of its own data. Without root everything runs as ourselves.
 */
import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { accessSync, chownSync, constants, readFileSync, statSync } from 'node:fs';
import { HoldfastError } from '../../domain/errors';
import { plainEnvironment } from '../plain-environment';

export interface Owner {
  uid: number;
  gid: number;
  /** Name in this host's user database, where it has one. */
  user?: string;
}

export interface ProgramResult {
  code: number;
  stdout: string;
  stderr: string;
}

/** Who owns the directory. */
export function ownerOf(directory: string): Owner {
  const { uid, gid } = statSync(directory);
  return { uid, gid, user: nameOf(uid) };
}

/** Hands a file or directory that we made to the owner; does nothing unless we are root. */
export function giveTo(owner: Owner, file: string): void {
  if (process.getuid?.() === 0) chownSync(file, owner.uid, owner.gid);
}

/**
 * Starts a program as the owner, in the root directory unless told otherwise (the owner may be unable to pass ours), with the
 * owner's own groups, so that what a group may read (a TLS key) stays readable.
 * @throws HoldfastError `postgres_rights` when the owner is root, or is somebody else while we are not root
 */
export function spawnAs(owner: Owner, program: string, args: string[], options: SpawnOptions = {}): ChildProcess {
  const us = process.getuid?.();
  const all: SpawnOptions = { cwd: '/', ...options, env: { ...plainEnvironment(), ...options.env } };
  if (owner.uid === 0) {
    throw new HoldfastError('postgres_rights', 'PostgreSQL does not run as root', {
      hints: ['give the data directory to an ordinary user, for example postgres'],
    });
  }
  if (us === owner.uid) return spawn(program, args, all);
  if (us !== 0) {
    throw new HoldfastError('postgres_rights', `only root or uid ${owner.uid} may run PostgreSQL on this data`, {
      hints: ['run the agent as the owner of the data directory, or as root'],
    });
  }
  const setpriv = owner.user ? setprivPath() : undefined;
  if (!setpriv) return spawn(program, args, { ...all, uid: owner.uid, gid: owner.gid });
  const identity = [`--reuid=${owner.uid}`, `--regid=${owner.gid}`, '--init-groups', '--'];
  return spawn(setpriv, [...identity, program, ...args], all);
}

/** Runs a program as the owner to its end and collects its output. Its exit code is the caller's business. */
export function runAs(
  owner: Owner,
  program: string,
  args: string[],
  options: { timeoutMs?: number; signal?: AbortSignal; env?: NodeJS.ProcessEnv } = {},
): Promise<ProgramResult> {
  return new Promise((resolve, reject) => {
    const child = spawnAs(owner, program, args, {
      env: options.env,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
      signal: options.signal,
    });
    let [stdout, stderr] = ['', ''];
    child.stdout?.on('data', (part: Buffer) => {
      stdout += part.toString();
    });
    child.stderr?.on('data', (part: Buffer) => {
      stderr += part.toString();
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code: code ?? -1, stdout, stderr }));
  });
}

function setprivPath(): string | undefined {
  return ['/usr/bin/setpriv', '/bin/setpriv'].find((one) => {
    try {
      accessSync(one, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function nameOf(uid: number): string | undefined {
  try {
    const lines = readFileSync('/etc/passwd', 'utf8').split('\n');
    return lines.map((line) => line.split(':')).find((fields) => fields[2] === String(uid))?.[0];
  } catch {
    return undefined;
  }
}
