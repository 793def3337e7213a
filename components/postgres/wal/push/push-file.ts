/** One archived file on its way into one store. It is there when this returns. */
import { HoldfastError } from '../../../../domain/errors';
import { formatLsn, segmentStart } from '../../../../domain/lsn';
import type { WalArchive } from '../../../../repository/wal/archive';
import { WalScanner } from '../scan';
import type { ArchivedFile } from './archived-file';

type SegmentFile = Extract<ArchivedFile, { segment: bigint }>;

/** @throws HoldfastError `wal_conflict` when other bytes are stored, and whatever the store refuses */
export async function pushFile(archive: WalArchive, file: ArchivedFile, bytes: Buffer): Promise<void> {
  switch (file.kind) {
    case 'history':
      return await archive.putHistory(file.timeline, bytes);
    case 'label':
      return await archive.putLabel(file.timeline, file.name, bytes);
    case 'segment':
      return await pushSegment(archive, file, bytes);
    case 'partial':
      return await pushPartial(archive, file, bytes);
  }
}

/** Parts are there where the WAL was streamed before: they must agree, and go. */
async function pushSegment(archive: WalArchive, { timeline, segment }: SegmentFile, bytes: Buffer): Promise<void> {
  const pieces = await archive.pieces(timeline, segment);
  if (!pieces.some((piece) => piece.segment === segment && !piece.whole)) {
    return await archive.putSegment(timeline, segment, bytes);
  }
  const stored = await archive.fetchSegment(timeline, segment);
  if (stored) assertSame(archive, { timeline, segment }, stored.bytes.subarray(0, stored.storedTo), bytes);
  await archive.completeSegment(timeline, segment, bytes);
}

/** The last segment of a timeline that was left by a promotion: what follows its last record is no WAL. */
async function pushPartial(archive: WalArchive, { timeline, segment }: SegmentFile, bytes: Buffer): Promise<void> {
  const start = segmentStart(segment, archive.segmentSize);
  const scanner = new WalScanner(start, () => undefined);
  scanner.push(segment, bytes);
  const end = scanner.last === undefined ? 0 : Number(scanner.last.end - start);
  const stored = await archive.fetchSegment(timeline, segment);
  const common = Math.min(end, stored?.storedTo ?? 0);
  if (stored) assertSame(archive, { timeline, segment }, stored.bytes.subarray(0, common), bytes);
  if (end > common) await archive.putPart(timeline, start, bytes.subarray(0, end));
}

function assertSame(
  { store, segmentSize }: WalArchive,
  { timeline, segment }: Pick<SegmentFile, 'timeline' | 'segment'>,
  stored: Buffer,
  bytes: Buffer,
): void {
  const mine = bytes.subarray(0, stored.length);
  if (stored.equals(mine)) return;
  const offset = stored.findIndex((byte, index) => byte !== mine[index]);
  throw new HoldfastError('wal_conflict', `other WAL of timeline ${timeline} is already stored`, {
    where: `${store.name}: ${formatLsn(segmentStart(segment, segmentSize) + BigInt(offset))}`,
    hints: [
      'two servers write the same timeline, or the server was rewound: its WAL must not be mixed with what is stored',
    ],
  });
}
