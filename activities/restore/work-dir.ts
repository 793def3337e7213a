/**
 * Our folder beside a target: spool, journal, markers, records. What had to be made for it above (a new `--to` directory) is
 * remembered, so that a restore which did not come off leaves nothing behind.
 */
import { existsSync, mkdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cancellationSignal } from '@temporalio/activity';
import { type Attempt, enterAttempt, waitForOthers } from '../../components/tree/markers';
import { HoldfastError } from '../../domain/errors';
import { beating } from '../beating';

const madeFile = 'made';

export function makeWorkDir(workDir: string): void {
  const parent = path.dirname(workDir);
  const made = mkdirSync(parent, { recursive: true, mode: 0o755 });
  const isNew = mkdirSync(workDir, { recursive: true, mode: 0o755 }) !== undefined;
  if (isNew && made !== undefined) writeFileSync(path.join(workDir, madeFile), made);
}

/** Also the directories above that were made for them, as far as they are empty. */
export function removeWorkDirs(workDirs: string[]): void {
  const tops = workDirs.map((one) => readMade(one)).filter((top) => top !== undefined);
  for (const workDir of workDirs) rmSync(workDir, { recursive: true, force: true });
  for (const top of tops) for (const workDir of workDirs) removeEmptyAbove(workDir, path.dirname(top));
}

/** The empty directories between a place and the directory that stays. */
export function removeEmptyAbove(place: string, stays: string): void {
  const inside = stays.endsWith('/') ? stays : `${stays}/`;
  for (let at = path.dirname(place); at.startsWith(inside); at = path.dirname(at)) {
    try {
      rmdirSync(at);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOENT') return; // Somebody else's things are in it.
    }
  }
}

function readMade(workDir: string): string | undefined {
  try {
    return readFileSync(path.join(workDir, madeFile), 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * For steps that change the target. The folder is made by the first steps of a restore and goes with its last: a process that was
 * stopped in between and wakes up after the end would otherwise do its step again, on data that is in use.
 * @throws HoldfastError `restore_failed`
 */
export function assertUnderWay(workDir: string): void {
  if (!existsSync(workDir)) throw over(workDir);
}

/** Packs may be placed from now on. */
export function openForPlacing(workDir: string): void {
  writeFileSync(gate(workDir), '');
}

/** Whoever begins to place from now on is too late; those who began before are waited for. */
export async function closeForPlacing(workDir: string): Promise<void> {
  rmSync(gate(workDir), { force: true });
  await waitForWriters(workDir);
}

/** The trees are as they are to be: an attempt of an earlier step that wakes up now changes nothing any more. */
export function markPlaced(workDir: string): void {
  if (existsSync(workDir)) writeFileSync(placed(workDir), '');
}

export function isPlaced(workDir: string): boolean {
  return existsSync(placed(workDir));
}

/** An attempt that writes to the target, seen by {@link waitForWriters} as long as it lives. */
export function enterWriting(workDir: string): Attempt {
  assertUnderWay(workDir);
  return enterAttempt(attempts(workDir));
}

/** @throws HoldfastError `restore_failed` when placing is over: the caller is an attempt that was given up long ago */
export function enterPlacing(workDir: string): Attempt {
  const attempt = enterWriting(workDir);
  if (existsSync(gate(workDir))) return attempt;
  attempt.leave();
  throw over(workDir);
}

/** @throws HoldfastError `placing_still_alive` */
export async function waitForWriters(workDir: string, except?: Attempt): Promise<void> {
  await waitForOthers(attempts(workDir), {
    except: except ? [except.name] : [],
    signal: cancellationSignal(),
    waiting: beating(),
  });
}

function attempts(workDir: string): string {
  return path.join(workDir, 'attempts');
}

function gate(workDir: string): string {
  return path.join(workDir, 'open-for-placing');
}

function placed(workDir: string): string {
  return path.join(workDir, 'placed');
}

function over(workDir: string): HoldfastError {
  return new HoldfastError('restore_failed', 'this step of the restore is over: another attempt has done it', {
    where: workDir,
  });
}
