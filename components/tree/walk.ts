/**
 * The first of the steps of a tree: `walk` says what is there, `read` gives its bytes, `prepare` makes folders, `place` writes bytes, `journal`
 * knows what was written, `finish` sets everything else; `aside` keeps what was there before. All find files by `locate`, which
 * never leaves the tree.
 *
 * Walks a tree as it lies on disk and says what is there.
 *
 * Guaranteed: a directory comes before what it holds, and names in a directory in the order of their bytes, so that two walks
 * of one tree agree; no symbolic link is followed, not even one put in a directory's place meanwhile; nothing but directories
 * and (for their holes) regular files is opened; what cannot be backed up is named; what vanishes meanwhile is left out.
 * Memory: one directory's names per level. The event loop gets its turn every few milliseconds.
 * Not guaranteed: a picture of one instant. Every entry is true for the moment it was looked at.
 */
import fs from 'node:fs';
import { HoldfastError } from '../../domain/errors';
import { showPath, type TreeEntry, treePath } from '../../domain/tree';
import { describeEntry, type EntryContext, type Skipped } from './describe';
import { joinPath, pathThrough, withLocated } from './locate';
import { closeOpened, errorCode, nowhere, openAt } from './native';
import { Owners } from './owners';
import { takeTurns } from './turns';

export interface WalkOptions {
  /** `skip`: as if it were not there. `keep-empty`: a directory without what is in it. */
  exclude?: (relativePath: Buffer, isDirectory: boolean) => 'skip' | 'keep-empty' | undefined;
  /** `plain`: without extended attributes, hard links and holes (files of a database have none that matter). */
  details?: 'full' | 'plain';
}

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW } = fs.constants;

/**
 * @param root name of the tree in its component, see {@link TreeEntry}
 * @param rootPath absolute; a directory, or a single file. Links in the path itself are followed, a link at its end is not.
 * @throws HoldfastError `source_unreadable` when the root is not there or something in it may not be read
 */
export async function* walkTree(
  root: string,
  rootPath: Buffer,
  options: WalkOptions = {},
): AsyncGenerator<TreeEntry | Skipped, void, void> {
  const walk = new Walk(root, options);
  const first = readable(rootPath, () =>
    withLocated(rootPath, Buffer.alloc(0), {}, ({ path }) => walk.describe(path, Buffer.alloc(0))),
  );
  if (first === undefined) {
    throw new HoldfastError('source_unreadable', `${showPath(treePath(rootPath))} does not exist`, {
      where: showPath(treePath(rootPath)),
    });
  }
  yield first;
  if ('skipped' in first || first.type !== 'directory') return;
  const directory = readable(rootPath, () => openAt(nowhere, rootPath, O_RDONLY | O_DIRECTORY));
  if (directory !== undefined) yield* walk.below(directory, Buffer.alloc(0), rootPath);
}

class Walk {
  private readonly context: EntryContext;
  private readonly turn = takeTurns();

  constructor(
    root: string,
    private readonly options: WalkOptions,
  ) {
    this.context = { root, full: options.details !== 'plain', owners: new Owners(), firstNames: new Map() };
  }

  describe(path: Buffer, relative: Buffer): TreeEntry | Skipped | undefined {
    return describeEntry(this.context, path, relative);
  }

  /** Everything below an open directory, which it closes. */
  async *below(directory: number, relative: Buffer, shown: Buffer): AsyncGenerator<TreeEntry | Skipped, void, void> {
    try {
      for (const name of await this.names(directory, shown)) {
        await this.turn();
        yield* this.one(directory, Buffer.from(name, 'latin1'), relative, shown);
      }
    } finally {
      closeOpened(directory);
    }
  }

  private async *one(
    directory: number,
    name: Buffer,
    above: Buffer,
    shownAbove: Buffer,
  ): AsyncGenerator<TreeEntry | Skipped, void, void> {
    const relative = joinPath(above, name);
    const shown = joinPath(shownAbove, name);
    const path = pathThrough(directory, name);
    const stats = readable(shown, () => fs.lstatSync(path, { bigint: true }));
    if (stats === undefined) return;
    const verdict = this.options.exclude?.(relative, stats.isDirectory());
    if (verdict === 'skip') return;
    const entry = readable(shown, () => describeEntry(this.context, path, relative, stats));
    if (entry === undefined) return;
    yield entry;
    if ('skipped' in entry || entry.type !== 'directory' || verdict === 'keep-empty') return;
    const inside = readable(shown, () => openDirectory(directory, name));
    if (inside !== undefined) yield* this.below(inside, relative, shown);
  }

  /** One byte, one code unit: strings of this kind are small, and their natural order is that of the bytes. */
  private async names(directory: number, shown: Buffer): Promise<string[]> {
    try {
      const names = await fs.promises.readdir(`/proc/self/fd/${directory}`, { encoding: 'latin1' });
      return names.sort();
    } catch (error) {
      throw unreadable(shown, error);
    }
  }
}

function openDirectory(directory: number, name: Buffer): number {
  return openAt(directory, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
}

/** Undefined when it is gone, or is no longer what it was: both are the business of whoever changes the tree. */
function readable<T>(shown: Buffer, look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP' || code === 'ESTALE') return undefined;
    throw unreadable(shown, error);
  }
}

function unreadable(shown: Buffer, cause: unknown): unknown {
  const code = errorCode(cause);
  if (code === undefined) return cause;
  const where = showPath(treePath(shown));
  return new HoldfastError('source_unreadable', `${where} cannot be read: ${code}`, {
    where,
    hints: code === 'EACCES' || code === 'EPERM' ? ['run the agent as a user who may read it, or as root'] : [],
    cause,
  });
}
