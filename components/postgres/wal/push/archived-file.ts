/**
 * What PostgreSQL hands to an `archive_command`, and whether it is what its name says. This folder stores such files.
 *
 * Guaranteed: nothing is acknowledged that a store does not have; a name whose bytes are stored is a success, with other bytes an
 * error; WAL of another system, version or place is refused. Every push may be killed anywhere, run twice, or beside another.
 * Not guaranteed: anything about WAL that was never handed over, and how late it comes: the server archives whole segments.
 */
import { HoldfastError } from '../../../../domain/errors';
import { parseSegmentName, segmentStart } from '../../../../domain/lsn';
import type { ArchiveMarker } from '../../../../repository/wal/marks';

export type ArchivedFile =
  | { kind: 'segment' | 'partial'; name: string; timeline: number; segment: bigint }
  | { kind: 'history' | 'label'; name: string; timeline: number };

export type Server = Omit<ArchiveMarker, 'format'>;

/** @throws HoldfastError `usage` when PostgreSQL archives no file of that name */
export function archivedFile(name: string, segmentSize: number): ArchivedFile {
  const timeline = Number.parseInt(name.slice(0, 8), 16);
  if (/^[0-9A-F]{8}\.history$/.test(name)) return { kind: 'history', name, timeline };
  if (/^[0-9A-F]{24}\.[0-9A-F]{8}\.backup$/.test(name)) return { kind: 'label', name, timeline };
  const position = parseSegmentName(name.replace(/\.partial$/, ''), segmentSize);
  if (position) {
    const kind = name.endsWith('.partial') ? 'partial' : 'segment';
    return { kind, name, timeline, segment: position.segmentNumber };
  }
  throw new HoldfastError('usage', `"${name}" is no name of a file that PostgreSQL archives`, {
    hints: ["archive_command = 'holdfast wal push %p'"],
  });
}

/** Offsets in a segment's first page (PostgreSQL: `XLogLongPageHeaderData`). */
const at = { magic: 0, timeline: 4, position: 8, system: 24, segmentSize: 32 };
const longHeaderBytes = 40;
/** `XLOG_PAGE_MAGIC` of each major version; a later one is known by its data directory alone. */
const versions = new Map([
  [0xd106, 13],
  [0xd10d, 14],
  [0xd110, 15],
  [0xd113, 16],
  [0xd116, 17],
  [0xd118, 18],
]);

/** @throws HoldfastError `source_unreadable` (no whole segment, or of another place), `wrong_system`, `wrong_version` */
export function assertOwnSegment(
  bytes: Buffer,
  { name, timeline, segment }: Extract<ArchivedFile, { segment: bigint }>,
  { systemIdentifier, major, segmentSize }: Server,
): void {
  const magic = bytes.length < longHeaderBytes ? 0 : bytes.readUInt16LE(at.magic);
  if (bytes.length !== segmentSize || magic >> 8 !== 0xd1) {
    throw new HoldfastError('source_unreadable', `${name} is no whole WAL segment`, {
      hints: ['the server has not finished it, or it was damaged: it is not stored'],
    });
  }
  const system = bytes.readBigUInt64LE(at.system).toString();
  if (system !== systemIdentifier || bytes.readUInt32LE(at.segmentSize) !== segmentSize) {
    throw new HoldfastError('wrong_system', `${name} is WAL of system ${system}, not of ${systemIdentifier}`, {
      hints: ['it does not belong to this data directory: look how it came there'],
    });
  }
  const written = versions.get(magic);
  if (written !== undefined && written !== major) {
    throw new HoldfastError('wrong_version', `${name} was written by PostgreSQL ${written}, not ${major}`);
  }
  // A segment that a promotion fell into begins with its ancestor's pages.
  const elsewhere = bytes.readBigUInt64LE(at.position) !== segmentStart(segment, segmentSize);
  if (elsewhere || bytes.readUInt32LE(at.timeline) > timeline) {
    throw new HoldfastError('source_unreadable', `${name} holds WAL of another place than its name says`, {
      hints: ['it is a recycled segment that was never written, or was renamed: it is not stored'],
    });
  }
}
