/**
 * Finishes a tree whose bytes are all placed: empty files, exact sizes, symbolic and hard links, FIFOs; then owners, modes,
 * attributes and times; directories last and deepest first, since whatever is done in a directory changes its time.
 *
 * Guaranteed: may run twice, and again after a kill at any point; memory does not grow with the number of entries; the event
 * loop gets its turn. Not guaranteed: that it has reached the disk (see `sync.ts`).
 */
import type { StoredSizes } from '../../domain/stored-sizes';
import { pathBytes, showPath, type TreeEntry } from '../../domain/tree';
import { makeNode } from './make-node';
import { applyMetadata, type MetadataContext, type Ownership } from './metadata';
import { errorCode } from './native';
import { Owners } from './owners';
import { placing } from './placing-error';
import { checkEntry } from './prepare';
import { type RootDirs, rootPath } from './read';
import { takeTurns } from './turns';
import { Warnings } from './warnings';

export interface FinishOptions {
  /** What really was stored of files that shrank or vanished. */
  sizes?: StoredSizes;
  /** Everything belongs to this one, whatever was recorded. */
  owner?: Ownership;
  /** The target held data before: what lies where a hole belongs is cleared. */
  over?: boolean;
}

/**
 * @param entries called twice; each time all entries of the component, a directory before what is in it
 * @returns warnings: owners and attributes that could not be set, links whose file is missing
 * @throws HoldfastError `unsafe_path`, `target_full`, `restore_failed`
 */
export async function finishTree(
  entries: () => Iterable<TreeEntry> | AsyncIterable<TreeEntry>,
  dirs: RootDirs,
  options: FinishOptions = {},
): Promise<string[]> {
  const warnings = new Warnings();
  const context: MetadataContext = {
    owners: new Owners(),
    warnings,
    ...(options.owner ? { owner: options.owner } : {}),
  };
  const turn = takeTurns();
  for await (const entry of entries()) {
    checkEntry(entry, dirs);
    if (entry.type !== 'directory') placing(showPath(entry.path), () => finishOne(entry, dirs, options, context));
    await turn();
  }
  const directories = new DeepestFirst((entry) => {
    placing(showPath(entry.path), () => applyMetadata(rootPath(dirs, entry.root), entry, context));
  });
  for await (const entry of entries()) {
    if (entry.type === 'directory') directories.add(entry);
    await turn();
  }
  directories.end();
  return warnings.list();
}

function finishOne(entry: TreeEntry, dirs: RootDirs, options: FinishOptions, context: MetadataContext): void {
  const size = entry.type === 'file' && options.sizes ? options.sizes.of(entry) : entry.size;
  if (size === undefined) return;
  const root = rootPath(dirs, entry.root);
  try {
    makeNode(root, { ...entry, size }, options.over === true);
  } catch (error) {
    if (entry.type !== 'hardlink' || errorCode(error) !== 'ENOENT') throw error;
    context.warnings.add('the file of which this is another name is not in the backup', showPath(entry.path));
    return;
  }
  // A hard link shares everything with the name that came first.
  if (entry.type !== 'hardlink') applyMetadata(root, entry, context);
}

/** Hands on each directory once everything below it has been seen. */
class DeepestFirst {
  private readonly open: { entry: TreeEntry; prefix: string }[] = [];

  constructor(private readonly done: (entry: TreeEntry) => void) {}

  add(entry: TreeEntry): void {
    const path = pathBytes(entry.path).toString('latin1');
    const prefix = `${entry.root}\0${path === '' ? '' : `${path}/`}`;
    while (this.open.length > 0 && !prefix.startsWith(this.open.at(-1)?.prefix ?? '')) this.close();
    this.open.push({ entry, prefix });
  }

  end(): void {
    while (this.open.length > 0) this.close();
  }

  private close(): void {
    const last = this.open.pop();
    if (last !== undefined) this.done(last.entry);
  }
}
