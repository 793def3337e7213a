/**
 * The `files` component: configured paths, each a tree whose root's name is its index. A path may be a directory or a single
 * file; one that is a symbolic link stands for what it points to.
 *
 * Guaranteed: everything below the paths is planned or named as skipped; a path that is not there is an error, never an empty
 * backup. Not guaranteed: that files which are written meanwhile fit together. Those are reported when they are read.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { FilesFacts } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import type { Plannable } from '../../domain/plan-runs';
import type { SourceTrees } from '../component';
import { type RootDirs, rootDirs } from '../tree/read';
import { walkTree } from '../tree/walk';
import { measureTrees } from './measure';

export interface FilesSource extends SourceTrees {
  kind: 'files';
  facts: FilesFacts;
}

/**
 * @param paths absolute, as configured
 * @throws HoldfastError `source_unreadable` naming the path that is not there
 */
export async function openFilesSource(paths: string[]): Promise<FilesSource> {
  const dirs = sourceDirs(paths);
  const expectedBytes = await measureTrees(dirs);
  return {
    kind: 'files',
    mayChange: false,
    facts: { paths: paths.map((one) => path.resolve(one)) },
    dirs,
    ...(expectedBytes === undefined ? {} : { expectedBytes }),
    entries: () => walkAll(dirs),
  };
}

/** Where the paths' trees lie, behind any links. @throws HoldfastError `source_unreadable` */
export function sourceDirs(paths: string[]): RootDirs {
  return rootDirs(Object.fromEntries(paths.map((one, index) => [String(index), resolved(one)])));
}

function resolved(configured: string): Buffer {
  try {
    return fs.realpathSync(path.resolve(configured), 'buffer');
  } catch (cause) {
    throw new HoldfastError(
      'source_unreadable',
      `the configured path ${configured} does not exist or may not be passed`,
      {
        where: configured,
        hints: ['correct it in the configuration, or make it'],
        cause,
      },
    );
  }
}

async function* walkAll(dirs: RootDirs): AsyncGenerator<Plannable, void, void> {
  for (const [root, dir] of Object.entries(dirs)) {
    for await (const found of walkTree(root, Buffer.from(dir, 'base64'))) {
      yield 'skipped' in found ? found : { entry: found };
    }
  }
}
