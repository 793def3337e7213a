/** A segment of the way, as a server is to find it. */
import { HoldfastError } from '../../../domain/errors';
import { segmentName } from '../../../domain/lsn';
import type { WalReading } from '../../../repository/wal/among';
import type { SegmentSource } from './segment-sources';

/** A segment that was read: so it must be when it is read again. */
export interface PlannedSegment extends SegmentSource {
  name: string;
  crc32c: number;
}

export function nameOf(archive: { segmentSize: number }, { timeline, segment }: SegmentSource): string {
  return segmentName(timeline, segment, archive.segmentSize);
}

/** Always a full segment's length. @throws HoldfastError `wal_gap`, `wal_conflict`, `checksum_mismatch`, `store_unavailable` */
export async function readSegment(archive: WalReading, source: SegmentSource): Promise<Buffer> {
  const stored = await archive.fetchSegment(source.timeline, source.segment);
  if (!stored || stored.storedTo < source.usableTo) {
    const name = nameOf(archive, source);
    throw new HoldfastError('wal_gap', `segment ${name} is listed in the store and cannot be read from it`, {
      where: name,
    });
  }
  // Beyond the fork an old timeline's bytes belong to a history that was left: a server must not meet them.
  return stored.bytes.fill(0, source.usableTo);
}
