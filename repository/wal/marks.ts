/** The small objects beside the WAL: what the archive is, whose it is, how far the server's clock is covered. */
import { HoldfastError } from '../../domain/errors';
import { formatLsn, type Lsn, parseLsn } from '../../domain/lsn';
import type { Store } from '../store';
import { componentKey, markerKey, systemRoot, type WalNames, walRoot } from './names';
import type { WalObjects } from './objects';
import { getIfThere } from './put-once';

/** `wal/<system identifier>/archive.json`, in the clear. */
export interface ArchiveMarker {
  format: 1;
  systemIdentifier: string;
  /** Of PostgreSQL: another major version never has this system identifier. */
  major: number;
  segmentSize: number;
}

/** Whose WAL it is. */
export interface WalOwner {
  system: string;
  site: string;
  component: string;
}

/**
 * Everything that was durable on the server at `serverTime` (its own clock, microseconds since 1970) lies before `lsn` and is
 * stored. A quiet database has no commit after a legitimate target time; this mark tells that there is none to come.
 */
export interface Coverage {
  lsn: Lsn;
  serverTime: bigint;
  /** The first mark of this timeline: the server was on it by then. Unknown in marks of before this was kept. */
  since?: bigint;
  writtenAt: Date;
}

export async function readMarker(store: Store, systemIdentifier: string): Promise<ArchiveMarker | undefined> {
  const key = markerKey(systemIdentifier);
  const body = await getIfThere(store, key);
  if (!body) return undefined;
  try {
    const marker = JSON.parse(body.toString('utf8')) as ArchiveMarker;
    if (marker.format === 1 && marker.systemIdentifier === systemIdentifier && marker.segmentSize > 0) return marker;
  } catch {
    // falls through: not JSON is as bad as wrong JSON
  }
  throw new HoldfastError('repository_format', 'the WAL archive’s marker cannot be understood', {
    where: `${store.name}:${key}`,
  });
}

/** Creates the marker, or checks that the one there says the same. @throws HoldfastError `wrong_version`, `wal_conflict` */
export async function agreeOnMarker(store: Store, marker: ArchiveMarker): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(marker)}\n`);
  if ((await store.put(markerKey(marker.systemIdentifier), body, { ifAbsent: true })) === 'created') return;
  const there = await readMarker(store, marker.systemIdentifier);
  if (there && there.major !== marker.major) {
    throw new HoldfastError('wrong_version', `the stored WAL is of PostgreSQL ${there.major}, not ${marker.major}`);
  }
  if (there && there.segmentSize !== marker.segmentSize) {
    throw new HoldfastError('wal_conflict', 'the size of WAL segments was changed since the archive was begun', {
      hints: ['pg_resetwal --wal-segsize begins a new history: keep the old archive apart before shipping again'],
    });
  }
}

/** System identifiers with an archive in the store. */
export async function listSystems(store: Store): Promise<string[]> {
  const systems: string[] = [];
  let after: string | undefined;
  for (;;) {
    let next: string | undefined;
    for await (const { key } of store.list(walRoot, { after })) {
      next = key.split('/')[1];
      break;
    }
    if (next === undefined) return systems;
    systems.push(next);
    after = `${systemRoot(next)}zz`;
  }
}

export async function writeOwner(
  store: Store,
  objects: WalObjects,
  systemIdentifier: string,
  owner: WalOwner,
): Promise<void> {
  const key = componentKey(systemIdentifier, opaque(objects, owner));
  await store.put(key, await objects.seal(Buffer.from(JSON.stringify(owner)), key), { ifAbsent: true });
}

/** The system identifiers whose WAL was shipped for a component: several after it was initialised anew. */
export async function systemsOf(store: Store, objects: WalObjects, owner: WalOwner): Promise<string[]> {
  const found: string[] = [];
  for (const systemIdentifier of await listSystems(store)) {
    if (await store.head(componentKey(systemIdentifier, opaque(objects, owner)))) found.push(systemIdentifier);
  }
  return found;
}

export async function readOwners(store: Store, objects: WalObjects, systemIdentifier: string): Promise<WalOwner[]> {
  const owners: WalOwner[] = [];
  for await (const { key } of store.list(`${systemRoot(systemIdentifier)}components/`)) {
    owners.push(JSON.parse((await objects.open(await store.get(key), key)).toString('utf8')) as WalOwner);
  }
  return owners;
}

/** An owner's name in keys. */
export function opaque(objects: WalObjects, { system, site, component }: WalOwner): string {
  return objects.name(`wal owner\0${system}\0${site}\0${component}`).slice(0, 32);
}

export async function writeCoverage(
  store: Store,
  objects: WalObjects,
  names: WalNames,
  timeline: number,
  coverage: Omit<Coverage, 'writtenAt'>,
): Promise<void> {
  const key = names.coverage(timeline);
  const text = JSON.stringify({
    lsn: formatLsn(coverage.lsn),
    serverTime: String(coverage.serverTime),
    since: coverage.since === undefined ? undefined : String(coverage.since),
    writtenAt: new Date().toISOString(),
  });
  await store.put(key, await objects.seal(Buffer.from(text), key));
}

export async function readCoverage(
  store: Store,
  objects: WalObjects,
  names: WalNames,
  timeline: number,
): Promise<Coverage | undefined> {
  const key = names.coverage(timeline);
  const sealed = await getIfThere(store, key);
  if (!sealed) return undefined;
  const stored = JSON.parse((await objects.open(sealed, key)).toString('utf8')) as Record<string, string>;
  return {
    lsn: parseLsn(stored.lsn ?? ''),
    serverTime: BigInt(stored.serverTime ?? '0'),
    ...(stored.since === undefined ? {} : { since: BigInt(stored.since) }),
    writtenAt: new Date(stored.writtenAt ?? 0),
  };
}
