/**
 * Fetches the WAL that a replay needs into a local directory before the server starts, and reads it on the way.
 *
 * Guaranteed: every segment in the directory is a full segment, padded with zeros, holding only WAL of the timelines that lead to
 * the wanted one; nothing is missing between the first and the last; what a former attempt had fetched is checked and kept.
 * Not guaranteed: WAL that is not stored. Where it is missing in the middle, the facts name the first missing segment.
 */

import { HoldfastError } from '../../../domain/errors';
import { formatLsn, type Lsn, segmentName, segmentOf, segmentStart } from '../../../domain/lsn';
import type { TimelineStretch } from '../../../domain/timeline';
import type { WalFacts } from '../../../domain/wal-facts';
import type { WalArchive } from '../../../repository/wal/archive';
import { FactCollector, type Wanted } from './fact-collector';
import { planSegments, type SegmentSource } from './segment-sources';
import { SpoolFiles } from './spool-files';

export interface SpoolOptions extends Wanted {
  archive: WalArchive;
  /** The way to the wanted timeline: `archive.timelinePath(timeline)`. */
  path: TimelineStretch[];
  /** Where replay begins: the backup's start. */
  from: Lsn;
  dir: string;
  /** Segments fetched at a time. Each takes a segment of memory. */
  parallel?: number;
  /** Whom the files are to belong to (they are readable to nobody else). */
  owner?: { uid: number; gid: number };
  signal?: AbortSignal;
  onProgress?: (progress: SpoolProgress) => void;
}

export interface SpoolProgress {
  segments: number;
  /** Of them fetched now; the others were there. */
  fetched: number;
  /** All that may be needed: fewer when the target comes first. */
  segmentsAtMost: number;
  bytes: number;
  scannedTo: Lsn;
}

/**
 * Stops soon after the target is passed.
 * @returns facts for `decideRecovery`
 * @throws HoldfastError `wal_gap` when the very first segment is not stored, `wal_conflict`, `checksum_mismatch`
 */
export async function fillSpool(options: SpoolOptions): Promise<WalFacts> {
  const { archive, from, dir, parallel = 4, signal, onProgress } = options;
  const size = archive.segmentSize;
  const files = await SpoolFiles.open(dir, options.owner);
  for (const [name, text] of await archive.histories()) await files.write(name, text, text.length);
  const { sources, hole } = await planSegments(archive, options.path, segmentOf(from, size));
  if (sources.length === 0) throw missingStart(archive, options);

  const collector = new FactCollector(from, options);
  const progress: SpoolProgress = {
    segments: 0,
    fetched: 0,
    segmentsAtMost: sources.length,
    bytes: 0,
    scannedTo: from,
  };
  const ahead: Promise<Spooled>[] = [];
  let storedTo = from;
  let next = 0;
  while (next < sources.length || ahead.length > 0) {
    signal?.throwIfAborted();
    while (next < sources.length && ahead.length < parallel) {
      const job = spool(archive, files, sources[next++] as SegmentSource);
      job.catch(() => undefined); // awaited in its turn
      ahead.push(job);
    }
    const { source, bytes, fetched } = (await ahead.shift()) as Spooled;
    const goesOn = collector.scanner.push(source.segment, bytes, source.usableTo);
    storedTo = segmentStart(source.segment, size) + BigInt(source.usableTo);
    progress.segments++;
    progress.bytes += bytes.length;
    if (fetched) progress.fetched++;
    progress.scannedTo = collector.scanner.last?.end ?? from;
    onProgress?.({ ...progress });
    if (!goesOn || collector.enough) break;
  }
  await Promise.allSettled(ahead);
  const complete = next >= sources.length;
  return collector.facts({ storedTo, hole: complete && !collector.enough ? hole : undefined });
}

interface Spooled {
  source: SegmentSource;
  bytes: Buffer;
  fetched: boolean;
}

async function spool(archive: WalArchive, files: SpoolFiles, source: SegmentSource): Promise<Spooled> {
  const name = segmentName(source.timeline, source.segment, archive.segmentSize);
  const kept = await files.reuse(name, source.usableTo);
  if (kept) return { source, bytes: kept, fetched: false };
  await files.drop(name);
  const stored = await archive.fetchSegment(source.timeline, source.segment);
  if (!stored || stored.storedTo < source.usableTo) {
    throw new HoldfastError('wal_gap', `segment ${name} is listed in the store and cannot be read from it`, {
      where: name,
    });
  }
  // Beyond the fork an old timeline's bytes belong to a history that was left: a server must not meet them.
  stored.bytes.fill(0, source.usableTo);
  await files.write(name, stored.bytes, source.usableTo);
  return { source, bytes: stored.bytes, fetched: true };
}

function missingStart(archive: WalArchive, { from, path }: SpoolOptions): HoldfastError {
  const name = segmentName(path.at(-1)?.timeline ?? 1, segmentOf(from, archive.segmentSize), archive.segmentSize);
  return new HoldfastError('wal_gap', `the WAL from ${formatLsn(from)} on is not stored`, {
    where: name,
    hints: ['restore another backup, or from another store'],
  });
}
