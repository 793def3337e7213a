/**
 * Reads the WAL that a replay needs before the server starts, and keeps in a local directory as much of its beginning as the disk
 * allows; the rest is fetched again while the server replays (`feed.ts`).
 *
 * Guaranteed: every segment in the directory is a full segment, padded with zeros, holding only WAL of the timelines that lead to
 * the wanted one; nothing is missing between the first and the last that was read; what a former attempt had fetched is checked
 * and kept. Memory is bounded by the segments fetched at a time.
 * Not guaranteed: WAL that is not stored. Where it is missing in the middle, the facts name the first missing segment.
 */

import { crc32c } from '@node-rs/crc32';
import { HoldfastError } from '../../../domain/errors';
import { formatLsn, type Lsn, segmentName, segmentOf, segmentStart } from '../../../domain/lsn';
import type { TimelineStretch } from '../../../domain/timeline';
import type { WalFacts } from '../../../domain/wal-facts';
import { freeNow } from '../../../repository/crypto/free';
import type { WalReading } from '../../../repository/wal/among';
import { FactCollector, type Wanted } from './fact-collector';
import { nameOf, type PlannedSegment, readSegment } from './read-segment';
import { planSegments, type SegmentSource } from './segment-sources';
import { SpoolFiles, type SpoolFilesOptions } from './spool-files';

export interface SpoolOptions extends Wanted, SpoolFilesOptions {
  archive: WalReading;
  /** The way to the wanted timeline: `archive.timelinePath(timeline)`. */
  path: TimelineStretch[];
  /** Where replay begins: the backup's start. */
  from: Lsn;
  dir: string;
  /** Bytes that segments may take in the directory; absent: every segment stays there. */
  budget?: number;
  /** Segments fetched at a time. Each takes a segment of memory. */
  parallel?: number;
  signal?: AbortSignal;
  onProgress?: (progress: SpoolProgress) => void;
}

export interface SpoolProgress {
  segments: number;
  /** Of them fetched now; the others were there. */
  fetched: number;
  /** Of them in the directory now. */
  kept: number;
  /** All that may be needed: fewer when the target comes first. */
  segmentsAtMost: number;
  bytes: number;
  scannedTo: Lsn;
}

export interface Spooled {
  /** For `decideRecovery`. */
  facts: WalFacts;
  /** What was read, in the order of replay: the decision rests on these and on no others. */
  segments: PlannedSegment[];
}

/** With less room than this a feed would have nothing ahead of the server. */
const roomAtLeast = 4;

/** How many segments a number of bytes is for. */
export function roomFor(bytes: number, segmentSize: number): number {
  return Math.max(roomAtLeast, Math.floor(bytes / segmentSize));
}

/**
 * Stops soon after the target is passed.
 * @throws HoldfastError `wal_gap` when the very first segment is not stored, `wal_conflict`, `checksum_mismatch`
 */
export async function fillSpool(options: SpoolOptions): Promise<Spooled> {
  const { archive, from, dir, budget, parallel = 4, signal, onProgress } = options;
  const size = archive.segmentSize;
  const files = await SpoolFiles.open(dir, options);
  await files.sweep();
  for (const [name, text] of await archive.histories()) await files.write(name, text, text.length);
  const { sources, hole } = await planSegments(archive, options.path, segmentOf(from, size));
  if (sources.length === 0) throw missingStart(archive, options);
  const room = budget === undefined ? sources.length : roomFor(budget, size);

  const collector = new FactCollector(from, options);
  const progress: SpoolProgress = {
    ...{ segments: 0, fetched: 0, kept: 0 },
    segmentsAtMost: sources.length,
    bytes: 0,
    scannedTo: from,
  };
  const segments: PlannedSegment[] = [];
  const ahead: Promise<Read>[] = [];
  let writing: Promise<void> = Promise.resolve();
  let storedTo = from;
  let next = 0;
  try {
    while (next < sources.length || ahead.length > 0) {
      signal?.throwIfAborted();
      while (next < sources.length && ahead.length < parallel) {
        const job = read(archive, files, sources[next++] as SegmentSource);
        job.catch(() => undefined); // awaited in its turn
        ahead.push(job);
      }
      const { source, bytes, fetched } = (await ahead.shift()) as Read;
      const goesOn = collector.scanner.push(source.segment, bytes, source.usableTo);
      storedTo = segmentStart(source.segment, size) + BigInt(source.usableTo);
      const planned = { ...source, name: nameOf(archive, source), crc32c: crc32c(bytes) };
      segments.push(planned);
      await writing;
      writing = settle(files, planned, bytes, { fetched, stays: segments.length <= room });
      writing.catch(() => undefined); // awaited before the next
      progress.segments++;
      progress.bytes += size;
      progress.kept = Math.min(segments.length, room);
      if (fetched) progress.fetched++;
      progress.scannedTo = collector.scanner.last?.end ?? from;
      onProgress?.({ ...progress });
      if (!goesOn || collector.enough) break;
    }
    await writing;
  } finally {
    await Promise.allSettled([...ahead, writing]);
  }
  const complete = next >= sources.length;
  const facts = collector.facts({ storedTo, hole: complete && !collector.enough ? hole : undefined });
  return { facts, segments };
}

interface Read {
  source: SegmentSource;
  bytes: Buffer;
  fetched: boolean;
}

async function read(archive: WalReading, files: SpoolFiles, source: SegmentSource): Promise<Read> {
  const name = nameOf(archive, source);
  const kept = await files.reuse(name, source.usableTo);
  if (kept) return { source, bytes: kept, fetched: false };
  await files.drop(name);
  return { source, bytes: await readSegment(archive, source), fetched: true };
}

/** Puts a segment that was read where it belongs: into the directory, or nowhere. */
async function settle(
  files: SpoolFiles,
  { name, usableTo, crc32c: crc }: PlannedSegment,
  bytes: Buffer,
  { fetched, stays }: { fetched: boolean; stays: boolean },
): Promise<void> {
  if (stays && fetched) await files.write(name, bytes, usableTo, crc);
  if (!stays && !fetched) await files.drop(name);
  freeNow(bytes);
}

function missingStart(archive: WalReading, { from, path }: SpoolOptions): HoldfastError {
  const name = segmentName(path.at(-1)?.timeline ?? 1, segmentOf(from, archive.segmentSize), archive.segmentSize);
  return new HoldfastError('wal_gap', `the WAL from ${formatLsn(from)} on is not stored`, {
    where: name,
    hints: ['restore another backup, or from another store'],
  });
}
