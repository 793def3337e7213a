/** Moves or clears what is in a directory, name by name, whatever bytes the names are. */
import fs from 'node:fs';
import path from 'node:path';
import { joinPath } from './locate';

/** A file system's own: it cannot be moved, and comes back by itself. */
const fixed = 'lost+found';

function childrenOf(directory: string, except?: string): Buffer[] {
  const stays = new Set([fixed, ...(except === undefined ? [] : [path.basename(except)])]);
  return fs.readdirSync(directory, { encoding: 'buffer' }).filter((name) => !stays.has(name.toString('latin1')));
}

/** May be cut and repeated: what has moved is not there any more. */
export async function moveChildren(from: string, to: string, except?: string): Promise<void> {
  for (const name of childrenOf(from, except)) {
    await fs.promises.rename(joinPath(Buffer.from(from), name), joinPath(Buffer.from(to), name));
  }
}

export async function clearExcept(directory: string, except: string): Promise<void> {
  for (const name of childrenOf(directory, except)) {
    await fs.promises.rm(joinPath(Buffer.from(directory), name), { recursive: true, force: true });
  }
}
