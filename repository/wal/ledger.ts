/**
 * The ledger's objects in an archive: one per component, sealed, written anew at each check by the one that may write; and the gaps that
 * people have acknowledged, each put once.
 *
 * Guaranteed: what was held is remembered beyond the objects themselves, so that what vanishes is missed; an altered ledger is no
 * ledger (`checksum_mismatch`). Not guaranteed: anything of the time before the first check, whose stock is taken as it is found.
 */
import type { Interval } from '../../domain/intervals';
import { formatLsn, type Lsn, timelineHex } from '../../domain/lsn';
import type { Acknowledgement, TimelineHoldings, WalFinding } from '../../domain/wal-ledger';
import { readJson } from '../crypto/sealed-bytes';
import { acknowledgementSchema, walLedgerSchema } from '../schemas/wal-ledger';
import type { Store } from '../store';
import { systemRoot } from './names';
import type { WalObjects } from './objects';
import { getIfThere } from './put-once';

export interface WalLedger {
  format: 1;
  /** By the store's clock, as every time here but the server's own. */
  checkedAt: string;
  /** Where the server stood, by itself. */
  server?: { timeline: number; lsn: Lsn; at: string };
  /** How far the store holds the server's way without a hole from its newest timeline on. */
  stored?: { timeline: number; lsn: Lsn };
  timelines: TimelineHoldings[];
  /** Folders of quarantine that are accounted for. */
  quarantines: string[];
  findings: WalFinding[];
  /** The round in which every stored object is read: where it stands. */
  reading: { began: string; timeline: number; segment: string; done: number };
  /** A backup was asked for since this stretch was lost. */
  asked?: { at: string; timeline: number; stretch: Interval<Lsn> };
}

export interface LedgerPlace {
  store: Store;
  objects: WalObjects;
  systemIdentifier: string;
}

/** `opaque` names the component. @throws HoldfastError `checksum_mismatch`, `invalid_backup` */
export async function readLedger(place: LedgerPlace, opaque: string): Promise<WalLedger | undefined> {
  const key = ledgerKey(place, opaque);
  const sealed = await getIfThere(place.store, key);
  return sealed && readJson(await place.objects.open(sealed, key), walLedgerSchema, `${place.store.name}:${key}`);
}

export async function writeLedger(place: LedgerPlace, opaque: string, ledger: WalLedger): Promise<void> {
  const key = ledgerKey(place, opaque);
  await place.store.put(key, await place.objects.seal(encode(ledger), key));
}

/** The first word stays: who acknowledged a gap again learns nothing new. */
export async function acknowledge(place: LedgerPlace, one: Acknowledgement): Promise<void> {
  const { from, to } = one.stretch;
  const key = `${acknowledgedFolder(place)}${timelineHex(one.timeline)}-${hex16(from)}-${hex16(to)}`;
  await place.store.put(key, await place.objects.seal(encode(one), key), { ifAbsent: true });
}

export async function readAcknowledged(place: LedgerPlace): Promise<Acknowledgement[]> {
  const found: Acknowledgement[] = [];
  for await (const { key } of place.store.list(acknowledgedFolder(place))) {
    const body = await place.objects.open(await place.store.get(key), key);
    found.push(readJson(body, acknowledgementSchema, `${place.store.name}:${key}`));
  }
  return found;
}

function ledgerKey({ systemIdentifier }: LedgerPlace, opaque: string): string {
  return `${systemRoot(systemIdentifier)}ledger/${opaque}`;
}

function acknowledgedFolder({ systemIdentifier }: LedgerPlace): string {
  return `${systemRoot(systemIdentifier)}acknowledged/`;
}

export function encode(value: object): Buffer {
  const text = JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? formatLsn(one) : one));
  return Buffer.from(text, 'utf8');
}

export function hex16(lsn: Lsn): string {
  return lsn.toString(16).toUpperCase().padStart(16, '0');
}
