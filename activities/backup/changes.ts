/**
 * What may have changed since the backup that this one builds upon. A file is not read at all when size, inode and times prove that nobody
 * touched it (docs/data-safety.md, A1); otherwise it is read and compared block by block.
 */

import { heartbeat } from '@temporalio/activity';
import type { ChangedBlocks } from '../../components/postgres/wal-summaries';
import { sameStamp } from '../../components/tree/stamp';
import type { SealedManifest } from '../../domain/backup';
import { blockBytes } from '../../domain/blocks';
import { type ChainFile, type ChainSource, ChainState } from '../../domain/chain-state';
import type { FileChange, Plannable } from '../../domain/plan-runs';
import type { BasisRef } from '../../domain/tree';
import type { RepositoryCopy } from '../../repository/copy';
import { getRunIndex } from '../../repository/run-index';

/** Times of files are believed when they are so much older than the look at them: no later write can hide in a coarse clock. */
const settledNs = 2_000_000_000n;

/** What a chain holds of a component. */
export async function chainState(
  copy: RepositoryCopy,
  manifests: SealedManifest[],
  component: string,
): Promise<ChainState> {
  const state = new ChainState();
  for (const manifest of manifests) {
    const refs = manifest.components[component]?.indexes ?? [];
    await state.add(
      (async function* () {
        for (const ref of refs) {
          yield await getRunIndex(copy, ref);
          heartbeat({ chain: manifest.backupId });
        }
      })(),
    );
  }
  return state;
}

export interface ChangeOptions {
  state: ChainState;
  /** A moment before the first read of the backup that is built upon; absent: times prove nothing. */
  readAfter?: Date;
  /** What the server itself knows of changed blocks. */
  blocks?: ChangedBlocks;
}

/** Adds to each file what may have changed of it. */
export async function* withChanges(
  items: AsyncIterable<Plannable>,
  options: ChangeOptions,
): AsyncGenerator<Plannable, void, void> {
  for await (const item of items) {
    if ('skipped' in item || item.entry.type !== 'file' || item.check?.kind === 'postgres-control') yield item;
    else yield { ...item, change: changeOf(item, options) };
  }
}

function changeOf({ entry }: Exclude<Plannable, { skipped: unknown }>, options: ChangeOptions): FileChange | undefined {
  const file = options.state.get(entry.root, entry.path);
  if (file === undefined) return undefined;
  const told = file.sure ? options.blocks?.of(entry, file.size) : undefined;
  if (told !== undefined) return told.length === 0 ? { kind: 'none' } : { kind: 'extents', extents: told };
  if (isUntouched(file, entry, options.readAfter)) return { kind: 'none' };
  // Where holes come and go blocks do not lie where they lay.
  if (entry.extents !== undefined || file.entry.extents !== undefined) return undefined;
  return compared(file);
}

/** It is read and held against what the chain holds of it, block by block. */
export function compared(file: ChainFile): FileChange {
  return { kind: 'compare', basisOf: (offset, length) => basisOf(file, offset, length) };
}

function isUntouched(
  { entry: known, size, sure }: ChainFile,
  entry: ChainFile['entry'],
  readAfter: Date | undefined,
): boolean {
  if (readAfter === undefined || !sure || size !== entry.size || !sameStamp(known, entry)) return false;
  const latest = BigInt(readAfter.getTime()) * 1_000_000n - settledNs;
  return BigInt(entry.mtimeNs) <= latest && BigInt(entry.ctimeNs) <= latest;
}

/** Those sources of a file that hold something of a stretch. */
function basisOf({ sources }: ChainFile, offset: number, length: number): BasisRef[] {
  if (offset % blockBytes !== 0) return [];
  return sources.filter((source) => touches(source, offset, offset + length)).map(refOf);
}

function touches({ extents }: ChainSource, from: number, to: number): boolean {
  return extents.some(({ offset, length }) => offset < to && offset + length > from);
}

function refOf({ link, pack, object, slice, until }: ChainSource): BasisRef {
  return { link, pack, object, slice, until };
}
