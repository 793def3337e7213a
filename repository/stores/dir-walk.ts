import type { Dirent } from 'node:fs';
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { StoredObject } from '../store';
import { errnoOf } from './dir-files';
import { temporaryFolder } from './keys';

const atOnce = 64;

/** Objects below a folder in ascending byte order of their keys, as an S3 service lists them. */
export async function* walkObjects(root: string, prefix: string, after = ''): AsyncIterable<StoredObject> {
  yield* walk(root, prefix.slice(0, prefix.lastIndexOf('/') + 1), prefix, after);
}

/** In the order in which their keys stand, each with its '/'. */
export async function* walkFolders(root: string, prefix: string): AsyncIterable<string> {
  const found = (await entries(path.join(root, prefix))).filter((entry) => entry.isDirectory());
  const names = found.map(({ name }) => name).filter((name) => `${prefix}${name}` !== temporaryFolder);
  yield* names.sort((a, b) => (`${a}/` < `${b}/` ? -1 : 1));
}

async function* walk(root: string, folder: string, prefix: string, after: string): AsyncIterable<StoredObject> {
  const names = (await entries(path.join(root, folder)))
    .map((entry) => (entry.isDirectory() ? `${folder}${entry.name}/` : entry.isFile() ? `${folder}${entry.name}` : ''))
    .filter((name) => name !== '' && name !== `${temporaryFolder}/`)
    .filter((name) => name.startsWith(prefix) || (name.endsWith('/') && prefix.startsWith(name)))
    .filter((name) => name > after || (name.endsWith('/') && after.startsWith(name)))
    .sort((a, b) => (a < b ? -1 : 1)); // a folder counts with its '/': that is where its keys stand among the others
  let files: string[] = [];
  for (const name of names) {
    if (!name.endsWith('/')) files.push(name);
    if (name.endsWith('/') || files.length === atOnce) {
      yield* await look(root, files);
      files = [];
    }
    if (name.endsWith('/')) yield* walk(root, name, prefix, after);
  }
  yield* await look(root, files);
}

async function entries(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}

async function look(root: string, keys: string[]): Promise<StoredObject[]> {
  const found = await Promise.all(
    keys.map(async (key) => {
      try {
        const seen = await stat(path.join(root, key));
        return { key, bytes: seen.size, modified: seen.mtime };
      } catch (error) {
        if (errnoOf(error) === 'ENOENT') return undefined;
        throw error;
      }
    }),
  );
  return found.filter((one) => one !== undefined);
}
