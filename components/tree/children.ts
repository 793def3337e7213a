/**
 * Moves or removes what is in a directory, name by name, whatever bytes the names are; also where a directory is closed to its
 * own owner, which stops everybody but root.
 */
import fs from 'node:fs';
import path from 'node:path';
import { joinPath } from './locate';
import { errorCode } from './native';
import { walkTree } from './walk';

/** A file system's own: it cannot be moved, and comes back by itself. */
const fixed = 'lost+found';

function childrenOf(directory: string, except?: string): Buffer[] {
  const stays = new Set([fixed, ...(except === undefined ? [] : [path.basename(except)])]);
  return fs.readdirSync(directory, { encoding: 'buffer' }).filter((name) => !stays.has(name.toString('latin1')));
}

/** May be cut and repeated: what has moved is not there any more. */
export async function moveChildren(from: string, to: string, except?: string): Promise<void> {
  for (const name of childrenOf(from, except)) {
    await move(joinPath(Buffer.from(from), name), joinPath(Buffer.from(to), name));
  }
}

/** A directory that its owner may not write cannot be moved by him either: it knows its parent. */
async function move(from: Buffer, to: Buffer): Promise<void> {
  try {
    await fs.promises.rename(from, to);
    return;
  } catch (error) {
    if (errorCode(error) !== 'EACCES' || !fs.lstatSync(from).isDirectory()) throw error;
  }
  const { mode } = fs.lstatSync(from);
  fs.chmodSync(from, mode | 0o700);
  try {
    await fs.promises.rename(from, to);
  } catch (error) {
    fs.chmodSync(from, mode);
    throw error;
  }
  fs.chmodSync(to, mode);
}

export async function clearExcept(directory: string, except: string): Promise<void> {
  for (const name of childrenOf(directory, except)) await removeTree(joinPath(Buffer.from(directory), name));
}

/** Removes a thing and what is in it; its absence is no error. Follows no link. */
export async function removeTree(thing: Buffer): Promise<void> {
  try {
    await fs.promises.rm(thing, { recursive: true, force: true });
    return;
  } catch (error) {
    if (errorCode(error) !== 'EACCES') throw error;
  }
  await openDirectories(thing);
  await fs.promises.rm(thing, { recursive: true, force: true });
}

/** Makes every directory in it its owner's to read and write: each before it is looked into. */
async function openDirectories(thing: Buffer): Promise<void> {
  const open = (relative: Buffer): void => {
    const whole = joinPath(thing, relative);
    const stats = fs.lstatSync(whole, { throwIfNoEntry: false });
    if (stats?.isDirectory() && (stats.mode & 0o700) !== 0o700) fs.chmodSync(whole, stats.mode | 0o700);
  };
  fs.chmodSync(thing, fs.lstatSync(thing).mode | 0o700);
  const exclude = (relative: Buffer, isDirectory: boolean) => {
    if (isDirectory) open(relative);
    return undefined;
  };
  for await (const _ of walkTree('', thing, { exclude, details: 'plain' }));
}
