import type { ListedPiece } from '../../../../repository/wal/listing';

/** What the first page of a segment says of itself (`XLogLongPageHeaderData`). */
const longHeaderBytes = 40;

/**
 * Whose WAL the beginning of a segment is. `foreign`: another database system's. `altered`: no WAL, or of another place. Pieces from the
 * middle of a segment do not tell: they are bound to their name by their seal alone.
 */
export function judgeBeginning(
  bytes: Buffer,
  { from, segment }: Pick<ListedPiece, 'from' | 'segment'>,
  { systemIdentifier, segmentSize }: { systemIdentifier: string; segmentSize: number },
): 'sound' | 'foreign' | 'altered' {
  if (from !== 0 || bytes.length < longHeaderBytes) return 'sound';
  if (bytes.readUInt16LE(0) >> 8 !== 0xd1) return 'altered';
  if (bytes.readBigUInt64LE(24) !== BigInt(systemIdentifier)) return 'foreign';
  return bytes.readBigUInt64LE(8) === segment * BigInt(segmentSize) ? 'sound' : 'altered';
}
