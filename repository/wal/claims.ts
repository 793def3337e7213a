/** The claims of an archive's writers: numbered objects of which the newest counts, each with the time its writer was last heard of. */
import { hostname } from 'node:os';
import { HoldfastError } from '../../domain/errors';
import type { Store } from '../store';
import type { WriterNames } from './names';
import type { WalObjects } from './objects';
import { getIfThere } from './put-once';

/** Who wants to write. */
export interface Writer {
  /** The chain of runs that it belongs to: a shipper's workflow. */
  line: string;
  /** Orders the runs of a line: a later one has a larger number. */
  turn: number;
}

export interface Claim extends Writer {
  host: string;
  /** Tells our own claim from an equal one when the acknowledgement of its put was lost. */
  token: string;
}

export interface NewestClaim {
  generation: number;
  /** Absent: it does not open, and so cannot be of our line. */
  claim?: Claim;
  /** When its writer was last heard of, by the store's clock. */
  heard: Date;
  released: boolean;
}

/** A writer that was not heard of for so long has lost its claim to strangers. */
export const leaseMs = 20_000;
/** Claims that are kept besides the newest: each is a small object, and a list of them one request. */
const kept = 20;

export async function putClaim(
  store: Store,
  objects: WalObjects,
  key: string,
  writer: Writer & { token: string },
): Promise<void> {
  const { line, turn, token } = writer;
  const claim: Claim = { line, turn, token, host: hostname() };
  await store.put(key, await objects.seal(Buffer.from(JSON.stringify(claim)), key), { ifAbsent: true });
}

export async function newestClaim(
  store: Store,
  objects: WalObjects,
  names: WriterNames,
): Promise<NewestClaim | undefined> {
  let newest: Omit<NewestClaim, 'claim'> | undefined;
  for await (const { key, modified } of store.list(names.folder)) {
    const found = names.parse(key);
    if (!found || found.generation < (newest?.generation ?? 0)) continue;
    if (found.generation !== newest?.generation) {
      newest = { generation: found.generation, heard: modified, released: false };
    }
    if (modified > newest.heard) newest.heard = modified;
    newest.released ||= found.kind === 'released';
  }
  return newest && { ...newest, claim: await readClaim(store, objects, names.claim(newest.generation)) };
}

/** A line’s next run need not wait, nor one that begins again; anybody else waits until the one before is done for. @throws HoldfastError `fenced` */
export async function refuseWhileHeld(store: Store, present: NewestClaim, { line, turn }: Writer): Promise<void> {
  const { claim, released, heard, generation } = present;
  if (released || (claim?.line === line && claim.turn <= turn)) return;
  const silentMs = (await store.clock()).getTime() - heard.getTime();
  if (silentMs > leaseMs) return;
  throw new HoldfastError('fenced', `another shipper writes this WAL${claim ? `, on host ${claim.host}` : ''}`, {
    where: `${store.name}, generation ${generation}`,
    hints: [
      'one shipper writes the WAL of a component: end one of the two (two engines, or two configurations of one system)',
      `this one takes over by itself within ${leaseMs / 1000} s after the other was heard of for the last time`,
    ],
  });
}

/** Oldest first, so that what is left has no holes. */
export async function dropOldClaims(store: Store, names: WriterNames, generation: number): Promise<void> {
  const old: string[] = [];
  for await (const { key } of store.list(names.folder)) {
    const found = names.parse(key);
    if (found && found.generation <= generation - kept) old.push(key);
  }
  await store.delete(old);
}

async function readClaim(store: Store, objects: WalObjects, key: string): Promise<Claim | undefined> {
  const sealed = await getIfThere(store, key);
  if (!sealed) return undefined;
  const { line, turn, host, token } = JSON.parse((await objects.open(sealed, key)).toString('utf8')) as Claim;
  return { line, turn, host, token };
}
