/**
 * What a chain of backups (a full one and those that build upon it) holds of every file, and where. Pure arithmetic over the indexes of its
 * runs: the next backup asks it what it need not store, a restore asks it which stored stretch gives which bytes of a file.
 *
 * Memory: a short record for every file and every stored slice of the chain.
 */
import { before, type Extent, endOf } from './blocks';
import { HoldfastError } from './errors';
import type { RunIndex } from './pack';
import { StoredSizes } from './stored-sizes';
import { type BasisRef, extentsOf, pathBytes, showPath, type TreeEntry, type TreePath } from './tree';

/** A slice in which bytes of a file lie. */
export interface ChainSource extends BasisRef {
  run: number;
  /** Ascending; clipped to what still counts of them. */
  extents: Extent[];
  /** The slice holds more than that. */
  cut?: true;
}

export interface ChainFile {
  entry: TreeEntry;
  /** Bytes of the file as the chain holds it. */
  size: number;
  /** Newest first: where two hold the same bytes the first one counts. */
  sources: ChainSource[];
  /** Whether everything was read without a doubt: nothing had changed, vanished or had a wrong checksum. */
  sure: boolean;
}

interface Own {
  entry?: TreeEntry;
  sources: ChainSource[];
  sure: boolean;
}

export class ChainState {
  private files = new Map<string, ChainFile>();
  private links = 0;

  get(root: string, path: TreePath): ChainFile | undefined {
    return this.files.get(keyOf(root, path));
  }

  all(): Iterable<ChainFile> {
    return this.files.values();
  }

  /** Takes the next backup of the chain, the full one first. */
  async add(runs: AsyncIterable<RunIndex> | Iterable<RunIndex>): Promise<void> {
    const link = this.links++;
    const own = new Map<string, Own>();
    const sizes = new StoredSizes();
    const of = (root: string, path: TreePath): Own => {
      const key = keyOf(root, path);
      const found = own.get(key) ?? { sources: [], sure: true };
      own.set(key, found);
      return found;
    };
    for await (const { run, entries, packs } of runs) {
      for (const entry of entries) if (entry.type === 'file') of(entry.root, entry.path).entry = entry;
      for (const { pack, object, slices } of packs) {
        sizes.add(slices);
        for (const [slice, stored] of slices.entries()) {
          const file = of(stored.root, stored.path);
          if (stored.outcome !== 'ok' || stored.badBlocks !== undefined) file.sure = false;
          if (stored.length === 0) continue;
          const extents = extentsOf(stored);
          file.sources.push({ link, run, pack, object, slice, until: endOf(extents.at(-1)), extents });
        }
      }
    }
    this.files = this.after(own, sizes);
  }

  private after(own: Map<string, Own>, sizes: StoredSizes): Map<string, ChainFile> {
    const files = new Map<string, ChainFile>();
    for (const [key, { entry, sources, sure }] of own) {
      const size = entry && sizes.of(entry);
      if (entry === undefined || size === undefined) continue;
      const earlier = entry.inherits ? this.files.get(key) : undefined;
      if (entry.inherits && !earlier) {
        throw new HoldfastError('invalid_backup', 'the backup builds on a file that the one before it does not hold', {
          where: showPath(entry.path),
          hints: ['the chain cannot be trusted: choose another backup, and make a full one'],
        });
      }
      files.set(key, {
        entry,
        size,
        sources: [...sources, ...(earlier?.sources ?? [])].flatMap((source) => clipped(source, size)),
        sure: sure && (earlier?.sure ?? true),
      });
    }
    return files;
  }
}

function clipped(source: ChainSource, size: number): ChainSource[] {
  const extents = before(source.extents, size);
  if (source.until <= size) return [source];
  return extents.length === 0 ? [] : [{ ...source, extents, until: size, cut: true }];
}

function keyOf(root: string, path: TreePath): string {
  return `${root}\0${pathBytes(path).toString('latin1')}`;
}
