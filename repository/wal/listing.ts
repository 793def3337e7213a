import { type Interval, merge } from '../../domain/intervals';
import { type Lsn, segmentName, segmentStart } from '../../domain/lsn';
import type { Store } from '../store';
import { behindFolder, type StoredPiece, systemRoot, type WalNames } from './names';

export interface ListedPiece extends StoredPiece {
  modified: Date;
  bytes: number;
}

/** Timelines that hold anything, ascending: one small request each, however much WAL there is. */
export async function listTimelines(store: Store, systemIdentifier: string): Promise<number[]> {
  const root = systemRoot(systemIdentifier);
  const timelines: number[] = [];
  let after: string | undefined;
  for (;;) {
    const folder = await firstFolder(store, root, after);
    if (folder === undefined) return timelines;
    if (/^[0-9A-F]{8}$/.test(folder)) timelines.push(Number.parseInt(folder, 16));
    after = behindFolder(`${root}${folder}/`);
  }
}

async function firstFolder(store: Store, root: string, after?: string): Promise<string | undefined> {
  for await (const { key } of store.list(root, { after })) {
    const [folder, ...rest] = key.slice(root.length).split('/');
    if (rest.length > 0) return folder;
  }
  return undefined;
}

/**
 * Everything stored of a timeline, by name alone. `fromSegment` skips what is older: a receiver that restarts needs only the end
 * of an archive of months. `toSegment` (exclusive) leaves out what is newer.
 */
export async function listPieces(
  store: Store,
  names: WalNames,
  timeline: number,
  fromSegment?: bigint,
  toSegment?: bigint,
): Promise<ListedPiece[]> {
  const pieces: ListedPiece[] = [];
  for (const folder of [names.segmentsFolder(timeline), names.partsFolder(timeline)]) {
    const before = fromSegment === undefined || fromSegment === 0n ? undefined : fromSegment - 1n;
    const after =
      before === undefined ? undefined : behindFolder(`${folder}${segmentName(timeline, before, names.segmentSize)}`);
    for await (const { key, modified, bytes } of store.list(folder, { after })) {
      const piece = names.parse(key);
      if (piece && toSegment !== undefined && piece.segment >= toSegment) break;
      if (piece?.timeline === timeline) pieces.push({ ...piece, modified, bytes });
    }
  }
  return pieces;
}

/** The stretches of a timeline that are stored without a hole. */
export function storedIntervals(pieces: StoredPiece[], segmentSize: number): Interval<Lsn>[] {
  return merge(
    pieces.map(({ segment, from, to }) => {
      const start = segmentStart(segment, segmentSize);
      return { from: start + BigInt(from), to: start + BigInt(to) };
    }),
  );
}
