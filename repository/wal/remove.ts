/**
 * Removes WAL that no window and no backup needs any more: segments, parts and labels; of a timeline of which nothing stays also its coverage mark
 * and switches. Histories stay for ever: they are small, and tell the way.
 *
 * Guaranteed: nothing goes before it is on record that it was let go, so that a removal that is cut anywhere leaves no gap behind; the end of the
 * timeline that is lived on stays, whatever is asked; of a removal and somebody who needs the WAL at least one gives way (both say what they
 * do before they look for the other, and a remover that slept looks whether what it said still stands). It may run again, and beside itself. Not guaranteed: that what
 * is asked is wise, which is retention's part; and that a remover gives way which is stopped for a day between that look and the request that follows it.
 */

import { type Interval, without } from '../../domain/intervals';
import { type Lease, walLeaseId } from '../../domain/leases';
import { type Lsn, parseLsn, parseSegmentName, segmentOf, segmentStart } from '../../domain/lsn';
import { goingOf, isNeeded, keptOf, type WalSpan, type WalWindow } from '../../domain/wal-keep';
import type { RepositoryCopy } from '../copy';
import { standingLeases } from '../leases';
import type { WalArchive } from './archive';
import { listPieces } from './listing';
import {
  announceStretches,
  isWithin,
  type RemovedStretch,
  type RemovedWal,
  readRecords,
  recordRemoved,
} from './removed';

export interface WalRemovalPlan {
  windows: WalWindow[];
  spans: WalSpan[];
  /** One name for each run: what one of several takes back, the others still mean. */
  remover: string;
  /** Only says what would go. */
  dryRun?: boolean;
  signal?: AbortSignal;
  onProgress?: (removed: number) => void;
}

export interface WalRemoval {
  stretches: { timeline: number; stretch: Interval<Lsn> }[];
  objects: number;
  bytes: number;
  /** Who needs what was to go: nothing was removed. */
  gaveWayTo: Lease[];
}

const batch = 1000;
/** An announcement of a remover that was killed keeps its stretches from being restored for no longer than this. */
const forgottenMs = 24 * 3600_000;

export async function removeWal(
  copy: Pick<RepositoryCopy, 'store'>,
  archive: WalArchive,
  plan: WalRemovalPlan,
): Promise<WalRemoval> {
  const { dryRun = false, remover: by } = plan;
  const place = { ...archive.ledgerPlace, segmentSize: archive.segmentSize };
  const at = (await copy.store.clock()).toISOString();
  const going = await whatGoes(archive, plan, await archive.removed());
  const fresh = going.filter(({ isNew }) => isNew);
  const stretches = fresh.flatMap(({ timeline, gone }) =>
    gone.map((stretch): RemovedStretch => ({ timeline, stretch, at, by })),
  );
  const outcome: WalRemoval = {
    stretches: stretches.map(({ timeline, stretch }) => ({ timeline, stretch })),
    ...{ objects: 0, bytes: 0, gaveWayTo: [] },
  };
  if (stretches.length > 0) {
    const announcement = dryRun ? undefined : await announceStretches(place, by, at, stretches);
    const leases = await standingLeases(copy, walLeaseId(archive.systemIdentifier));
    outcome.gaveWayTo = leases.filter((lease) => needs(lease, fresh));
    // Who was stopped for a day finds his announcement forgotten, and the WAL in use again: the next removal looks anew.
    const stands = announcement === undefined || (await copy.store.head(announcement)) !== undefined;
    const agreed = outcome.gaveWayTo.length === 0 && stands;
    if (agreed && !dryRun) await recordRemoved(place, stretches, await archive.quarantines());
    if (announcement !== undefined) await copy.store.delete([announcement, ...(await forgotten(archive, at))]);
    if (!agreed) return { ...outcome, stretches: [] };
  }
  for (const one of going) await sweep(archive, one, plan, outcome);
  return outcome;
}

interface Going {
  timeline: number;
  gone: Interval<Lsn>[];
  /** Nothing of the timeline stays. */
  whole: boolean;
  /** Not all of it is on record: a removal before this one did not say so. */
  isNew: boolean;
}

async function whatGoes(
  archive: WalArchive,
  { windows, spans }: WalRemovalPlan,
  removed: RemovedWal,
): Promise<Going[]> {
  const { store, names, segmentSize } = archive;
  const alive = await livedOn(archive);
  const going: Going[] = [];
  for (const timeline of await archive.timelines()) {
    // Without its history nobody knows what it came of: it is left alone.
    const path = await archive.timelinePath(timeline).catch(() => undefined);
    if (!path) continue;
    const pieces = await listPieces(store, names, timeline);
    const last = pieces.reduce((most, { segment }) => (segment > most ? segment : most), -1n);
    const before = removed.get(timeline) ?? [];
    const end = segmentStart(last + 1n, segmentSize);
    const recorded = before.at(-1)?.to ?? 0n;
    const tail = alive?.timeline === timeline ? [{ timeline, from: alive.from }] : [];
    const kept = keptOf({ timeline, path }, [...windows, ...tail], spans);
    const gone = goingOf(kept, recorded > end ? recorded : end, segmentSize);
    const isNew = without(gone, before).length > 0;
    if (gone.length > 0) going.push({ timeline, gone, whole: kept.length === 0, isNew });
  }
  return going;
}

/** The timeline marked last, and what nobody may take of it: without a mark, the newest. */
export async function livedOn(archive: WalArchive): Promise<WalWindow | undefined> {
  let found: (WalWindow & { marked: bigint }) | undefined;
  for (const timeline of await archive.timelines()) {
    const mark = await archive.readCoverage(timeline);
    const marked = mark?.serverTime ?? 0n;
    // The byte before the mark: a receiver that takes up the stream looks there for its end.
    const from = mark && mark.lsn > 0n ? mark.lsn - 1n : 0n;
    if (found === undefined || marked >= found.marked) found = { timeline, from, marked };
  }
  return found;
}

function needs({ wal }: Lease, going: Going[]): boolean {
  if (!wal) return true; // one that cannot be read needs everything
  const need = { timeline: wal.timeline, from: parseLsn(wal.from) };
  return going.some(({ timeline, gone }) => isNeeded(timeline, gone, need));
}

async function forgotten(archive: WalArchive, now: string): Promise<string[]> {
  const { announced } = await readRecords(archive.ledgerPlace);
  return announced.filter(({ record }) => Date.parse(now) - Date.parse(record.at) > forgottenMs).map(({ key }) => key);
}

/** Oldest first: what a removal that was cut leaves goes on to the end. */
async function sweep(
  { store, names, segmentSize }: WalArchive,
  { timeline, gone, whole }: Going,
  { dryRun, signal, onProgress }: WalRemovalPlan,
  outcome: WalRemoval,
): Promise<void> {
  let keys: string[] = [];
  const flush = async () => {
    if (keys.length > 0 && !dryRun) await store.delete(keys);
    keys = [];
    onProgress?.(outcome.objects);
  };
  const folders = [names.segmentsFolder(timeline), names.partsFolder(timeline), names.labelsFolder(timeline)];
  const last = segmentOf(gone.at(-1)?.to ?? 0n, segmentSize);
  for (const folder of whole ? [...folders, names.switchesFolder(timeline), names.coverage(timeline)] : folders) {
    for await (const { key, bytes } of store.list(folder, { signal })) {
      const segment = segmentIn(key, folder, segmentSize);
      if (segment !== undefined && segment >= last) break;
      if (segment === undefined ? !whole || folders.includes(folder) : !isWithin(segment, segmentSize, gone)) continue;
      keys.push(key);
      outcome.objects++;
      outcome.bytes += bytes;
      if (keys.length === batch) await flush();
    }
  }
  await flush();
}

/** Segments, parts and labels begin with their segment's name; a stranger's file does not. */
function segmentIn(key: string, folder: string, segmentSize: number): bigint | undefined {
  return parseSegmentName(key.slice(folder.length, folder.length + 24), segmentSize)?.segmentNumber;
}
