/**
 * Which WAL of an archive was let go, and which is about to be: small sealed objects beside it, written before the first byte goes.
 *
 * Guaranteed: what retention removed is no gap for anybody who asks here, at whatever point a removal was cut; what a rewound server wrote again in
 * its place counts. Not guaranteed: that objects of a removed stretch are gone already; readers pass them by.
 */
import { createHash } from 'node:crypto';
import { type Interval, merge, without } from '../../domain/intervals';
import { type Lsn, segmentOf, segmentStart, timelineHex } from '../../domain/lsn';
import { endOfWal } from '../../domain/wal-keep';
import { readJson } from '../crypto/sealed-bytes';
import { announcedSchema, removedSchema } from '../schemas/wal-ledger';
import { encode, hex16, type LedgerPlace } from './ledger';
import { systemRoot } from './names';
import { getIfThere } from './put-once';
import type { Quarantined } from './quarantine';

/** A stretch of whole segments. */
export interface RemovedStretch {
  timeline: number;
  stretch: Interval<Lsn>;
  /** By the store's clock. */
  at: string;
  by: string;
}

/** What is gone or going of each timeline: merged, ascending. */
export type RemovedWal = ReadonlyMap<number, Interval<Lsn>[]>;

interface Records {
  removed: { key: string; record: RemovedStretch }[];
  announced: { key: string; record: { at: string; by: string; stretches: RemovedStretch[] } }[];
}

export async function readRecords(place: LedgerPlace): Promise<Records> {
  const records: Records = { removed: [], announced: [] };
  for await (const { key } of place.store.list(folderOf(place))) {
    const sealed = await getIfThere(place.store, key);
    if (!sealed) continue;
    const body = await place.objects.open(sealed, key);
    const where = `${place.store.name}:${key}`;
    if (key.startsWith(announcedFolder(place)))
      records.announced.push({ key, record: readJson(body, announcedSchema, where) });
    else records.removed.push({ key, record: readJson(body, removedSchema, where) });
  }
  return records;
}

/**
 * What counts as gone. A server that was rewound into it writes there again: what was set aside later than a removal speaks against it.
 * @param quarantined asked for only where anything was removed
 */
export async function removedWal(
  place: LedgerPlace & { segmentSize: number },
  quarantined: () => Promise<Quarantined[]>,
  { announced = false } = {},
): Promise<RemovedWal> {
  const records = await readRecords(place);
  const gone = records.removed.map(({ record }) => record);
  if (announced) gone.push(...records.announced.flatMap(({ record }) => record.stretches));
  if (gone.length === 0) return new Map();
  const aside = await quarantined();
  const byTimeline = Map.groupBy(gone, ({ timeline }) => timeline);
  return new Map(
    [...byTimeline].map(([timeline, those]) => [
      timeline,
      merge(those.flatMap((one) => standing(one, aside, place.segmentSize))),
    ]),
  );
}

/** Says what is to go; the word of another remover stays beside it. */
export async function announceStretches(
  place: LedgerPlace,
  by: string,
  at: string,
  stretches: RemovedStretch[],
): Promise<string> {
  const key = `${announcedFolder(place)}${createHash('sha256').update(by).digest('hex').slice(0, 32)}`;
  await place.store.put(key, await place.objects.seal(encode({ at, by, stretches }), key));
  return key;
}

/** From now on it is gone for everybody, whether its objects are still there or not. What an earlier record said of a part of it is said by this one. */
export async function recordRemoved(
  place: LedgerPlace & { segmentSize: number },
  stretches: RemovedStretch[],
  quarantined: Quarantined[],
): Promise<void> {
  for (const one of stretches) {
    const key = recordKey(place, one);
    await place.store.put(key, await place.objects.seal(encode(one), key));
  }
  const own = new Set(stretches.map((one) => recordKey(place, one)));
  const effective = stretches.map((one) => ({
    timeline: one.timeline,
    gone: standing(one, quarantined, place.segmentSize),
  }));
  const said = (await readRecords(place)).removed.filter(
    ({ key, record }) =>
      !own.has(key) &&
      effective.some(
        ({ timeline, gone }) => timeline === record.timeline && without([record.stretch], gone).length === 0,
      ),
  );
  if (said.length > 0) await place.store.delete(said.map(({ key }) => key));
}

/**
 * What was copied here again counts again: of each record only the rest stands. The rest is written first: cut in between, too much is on record, and no hole is
 * left that nobody knows of.
 */
export async function recordBack(place: LedgerPlace, timeline: number, back: Interval<Lsn>[]): Promise<void> {
  for (const { key, record } of (await readRecords(place)).removed) {
    const { stretch } = record;
    if (record.timeline !== timeline || !back.some(({ from, to }) => from < stretch.to && stretch.from < to)) continue;
    for (const left of without([stretch], back)) {
      const rest = { ...record, stretch: left };
      const restKey = recordKey(place, rest);
      await place.store.put(restKey, await place.objects.seal(encode(rest), restKey), { ifAbsent: true });
    }
    await place.store.delete([key]);
  }
}

export function isWithin(segment: bigint, segmentSize: number, stretches: Interval<Lsn>[] = []): boolean {
  const start = segmentStart(segment, segmentSize);
  return stretches.some(({ from, to }) => from <= start && start < to);
}

function standing(
  { timeline, stretch, at }: RemovedStretch,
  aside: Quarantined[],
  segmentSize: number,
): Interval<Lsn>[] {
  return aside
    .filter((one) => one.timeline === timeline && one.at >= at)
    .reduce(
      (left, { from }) =>
        without(left, [{ from: segmentStart(segmentOf(from, segmentSize), segmentSize), to: endOfWal }]),
      [{ ...stretch }],
    );
}

function recordKey(place: LedgerPlace, { timeline, stretch }: RemovedStretch): string {
  return `${folderOf(place)}${timelineHex(timeline)}-${hex16(stretch.from)}-${hex16(stretch.to)}`;
}

function folderOf({ systemIdentifier }: LedgerPlace): string {
  return `${systemRoot(systemIdentifier)}removed/`;
}

function announcedFolder(place: LedgerPlace): string {
  return `${folderOf(place)}announced/`;
}
