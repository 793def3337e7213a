/**
 * Sets WAL aside that the server contradicts: a host that was rewound (a snapshot brought back) writes other bytes under the
 * same names. Nothing is thrown away, nothing is mixed: objects move to `quarantine/<stamp>/` under their old names.
 *
 * A move that was cut goes on: its order is stored first, and `finishQuarantines` carries out what is left of any.
 */
import { formatLsn, type Lsn, parseLsn, segmentOf } from '../../domain/lsn';
import { listPieces } from './listing';
import { quarantineRoot, systemRoot } from './names';
import type { WalPlace } from './segments';

export interface Quarantined {
  timeline: number;
  /** The first position that was set aside: a segment's start. */
  from: Lsn;
  at: string;
  reason: string;
  /** Prefix of what was set aside. */
  folder: string;
}

interface Order {
  timeline: number;
  from: string;
  at: string;
  reason: string;
  /** The timeline itself was never ours: its history goes too. */
  whole?: boolean;
}

/** Moves every segment and part of the timeline from the segment of `from` on. Returns what the order says. */
export async function quarantineFrom(
  place: WalPlace,
  timeline: number,
  from: Lsn,
  reason: string,
  whole = false,
): Promise<Quarantined> {
  const { at, folder } = await newFolder(place);
  const order: Order = { timeline, from: formatLsn(from), at, reason, whole };
  await place.store.put(`${folder}order.json`, Buffer.from(`${JSON.stringify(order)}\n`), { ifAbsent: true });
  await carryOut(place, folder, order);
  return { ...order, from, folder };
}

/** Moves one object. A move that was cut left it where it was: whoever found it finds it again. */
export async function setAsideOne(place: WalPlace, key: string): Promise<string> {
  const { folder } = await newFolder(place);
  await move(place, folder, key);
  return folder;
}

export async function listQuarantines(place: WalPlace): Promise<(Quarantined & { done: boolean })[]> {
  const keys = new Set<string>();
  for await (const { key } of place.store.list(quarantineRoot(place.names.systemIdentifier))) {
    if (/\/(order|done)\.json$/.test(key)) keys.add(key);
  }
  const found: (Quarantined & { done: boolean })[] = [];
  for (const key of keys) {
    if (!key.endsWith('/order.json')) continue;
    const folder = key.slice(0, -'order.json'.length);
    const order = JSON.parse((await place.store.get(key)).toString('utf8')) as Order;
    found.push({ ...order, from: parseLsn(order.from), folder, done: keys.has(`${folder}done.json`) });
  }
  return found;
}

export async function finishQuarantines(place: WalPlace): Promise<void> {
  for (const one of await listQuarantines(place)) {
    if (!one.done) await carryOut(place, one.folder, { ...one, from: formatLsn(one.from) });
  }
}

async function carryOut(place: WalPlace, folder: string, order: Order): Promise<void> {
  const { store, names } = place;
  const { timeline, from, whole = false } = order;
  const pieces = await listPieces(store, names, timeline, segmentOf(parseLsn(from), names.segmentSize));
  const marks = [names.coverage(timeline), ...(whole ? [names.history(timeline)] : [])];
  for (const key of [...pieces.map((piece) => piece.key), ...marks]) {
    if (await store.head(key)) await move(place, folder, key);
  }
  await store.put(`${folder}done.json`, Buffer.from('{}\n'), { ifAbsent: true });
}

async function move({ store, names }: WalPlace, folder: string, key: string): Promise<void> {
  const name = key.slice(systemRoot(names.systemIdentifier).length);
  await store.put(`${folder}${name}`, await store.get(key), { ifAbsent: true });
  await store.delete([key]);
}

async function newFolder({ store, names }: WalPlace): Promise<{ at: string; folder: string }> {
  const at = (await store.clock()).toISOString();
  return { at, folder: `${quarantineRoot(names.systemIdentifier)}${at.replace(/[-:.]/g, '')}/` };
}
