/** What the blocks of a slice were in the backups before: their hashes, from the indexes of the packs they were stored in. */
import { blockBytes, blockHashBytes } from '../../domain/blocks';
import { type BasisRef, extentsOf, type Slice } from '../../domain/tree';
import type { RepositoryCopy } from '../../repository/copy';
import { getDataKey } from '../../repository/data-key';
import type { PackIndex } from '../../repository/packs/pack-index';
import { readPackIndex } from '../../repository/packs/store-pack';

/** Pack indexes in memory at once: neighbouring slices were mostly stored in the same packs. */
const indexesKept = 16;

export class Bases {
  private readonly keys = new Map<number, Promise<Buffer>>();
  private readonly indexes = new Map<string, Promise<PackIndex>>();

  constructor(
    private readonly copy: RepositoryCopy,
    /** Ids of the backups of the chain, the full one first. */
    private readonly chain: string[],
    private readonly component: string,
    private readonly signal: AbortSignal,
  ) {}

  /** Hash after hash from the slice's offset on, zeros where nothing is known; undefined where there is nothing to compare with. */
  async of({ offset, length, basis }: Slice): Promise<Uint8Array | undefined> {
    if (basis === undefined) return undefined;
    const known = new Uint8Array(Math.ceil(length / blockBytes) * blockHashBytes);
    const taken = new Uint8Array(Math.ceil(length / blockBytes));
    for (const ref of basis) {
      for (const { at, hash } of hashesOf(await this.index(ref), ref)) {
        const block = (at - offset) / blockBytes;
        if (!Number.isInteger(block) || block < 0 || block >= taken.length || taken[block]) continue;
        known.set(hash, block * blockHashBytes);
        taken[block] = 1;
      }
    }
    return known;
  }

  private async index({ link, pack, object }: BasisRef): Promise<PackIndex> {
    const found = this.indexes.get(object);
    if (found !== undefined) return await found;
    const backupId = this.chain[link] ?? '';
    const key = this.keys.get(link) ?? getDataKey(this.copy, backupId);
    this.keys.set(link, key);
    const reading = key.then((dataKey) =>
      readPackIndex(this.copy, object, { backupId, component: this.component, pack, dataKey }, this.signal),
    );
    this.indexes.set(object, reading);
    if (this.indexes.size > indexesKept) this.indexes.delete(this.indexes.keys().next().value as string);
    return await reading;
  }
}

/** Of each block of a stored slice that still counts: where in the file it lies, and its hash. */
function* hashesOf(index: PackIndex, { slice, until }: BasisRef): Generator<{ at: number; hash: Buffer }> {
  const stored = index.slices[slice];
  const hashes = Buffer.from(index.hashes?.[slice] ?? '', 'base64');
  if (stored === undefined) return;
  let next = 0;
  for (const { offset, length } of extentsOf(stored)) {
    for (let at = offset; at < offset + length; at += blockBytes) {
      const hash = hashes.subarray(next, next + blockHashBytes);
      next += blockHashBytes;
      if (hash.length === blockHashBytes && Math.min(at + blockBytes, offset + length) <= until) yield { at, hash };
    }
  }
}
