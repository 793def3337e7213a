/**
 * Which timelines our receivers and pushes were on: announced before the first byte of one is stored. WAL on a timeline that nobody announced comes
 * from somewhere else: a copy of the database that was promoted, and writes into the archive of its origin.
 */
import { timelineHex } from '../../domain/lsn';
import type { LedgerPlace } from './ledger';
import { systemRoot } from './names';

export async function announceTimeline(place: LedgerPlace, opaque: string, timeline: number): Promise<void> {
  await place.store.put(`${folderOf(place)}${timelineHex(timeline)}/${opaque}`, Buffer.from('{}\n'), {
    ifAbsent: true,
  });
}

export async function announcedTimelines(place: LedgerPlace): Promise<Set<number>> {
  const found = new Set<number>();
  for await (const { key } of place.store.list(folderOf(place))) {
    found.add(Number.parseInt(key.slice(folderOf(place).length).split('/')[0] ?? '', 16));
  }
  return found;
}

function folderOf({ systemIdentifier }: LedgerPlace): string {
  return `${systemRoot(systemIdentifier)}announced/`;
}
