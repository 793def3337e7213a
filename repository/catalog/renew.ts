/**
 * Making a snapshot. In this order: marks, entries, marks again, heads. A change that is under way is in one of the marks, and one that comes later has an
 * entry that the snapshot does not know.
 */
import type { BackupHead } from '../../domain/backup';
import type { RepositoryCopy } from '../copy';
import { backupOfHead, headKey, headsPrefix } from '../names';
import type { StoredObject } from '../store';
import { listMarks } from './change';
import { changesSince, renewed, usableSnapshot } from './listing';
import { getSeen, lookAtNew, type Sightings, stampOf } from './seen';
import { newestSnapshot, putSnapshot, type Snapshot } from './snapshots';
import { listStretches, stretchesOf } from './stretches';

/** Below this, reading every head is as quick, and needs no trust in an index. */
const worthwhile = 256;
/** So long does nobody write a head: the mark is of a writer that was killed, or could not take it away. */
const abandonedMs = 7 * 24 * 3600_000;

/** More are looked at with the next snapshots. */
const looksAtOnce = 1000;

const nothing: Pick<Snapshot, 'heads' | 'absorbed' | 'unsettled'> = { heads: [], absorbed: [], unsettled: [] };

/**
 * Makes one when reading the changes since the last costs more than a moment. Best made by whoever changes the catalog: a question writes
 * nothing.
 * @returns whether one was made
 */
export async function renewSnapshot(copy: RepositoryCopy, signal?: AbortSignal): Promise<boolean> {
  const base = await usableSnapshot(copy, signal);
  if (base === undefined) return (await hasMany(copy)) && (await makeSnapshot(copy, signal)) === 'created';
  const { changed } = await changesSince(copy, base, signal);
  if (changed.size < Math.max(worthwhile, base.heads.length / 200)) return false;
  return (await makeSnapshot(copy, signal, base)) === 'created';
}

export async function makeSnapshot(
  copy: RepositoryCopy,
  signal?: AbortSignal,
  base?: Snapshot,
): Promise<'created' | 'exists'> {
  const draft = await draftSnapshot(copy, signal, { base });
  await lookAtNew(copy, draft.snapshot.heads, draft.sightings, looksAtOnce);
  return await putDraft(copy, draft);
}

export async function putDraft(
  copy: RepositoryCopy,
  { snapshot, sightings, marks, at }: Draft,
): Promise<'created' | 'exists'> {
  const outcome = await putSnapshot(copy, snapshot, sightings);
  await forgetAbandoned(copy, marks, at);
  return outcome;
}

export interface DraftOptions {
  /** Without it every head is read. */
  base?: Snapshot;
  /** Reads also those of which nothing shows that they are as the base has them. */
  suspicious?: boolean;
}

export async function draftSnapshot(
  copy: RepositoryCopy,
  signal?: AbortSignal,
  { base, suspicious = false }: DraftOptions = {},
): Promise<Draft> {
  const since = await newestSnapshot(copy);
  const at = await copy.store.clock();
  const known = await getSeen(copy, base?.seen);
  const marks = await listMarks(copy, signal);
  const { changed, names } = await changesSince(copy, { since, ...nothing, ...base }, signal);
  marks.push(...(await listMarks(copy, signal)));
  for (const { backupId } of marks) changed.add(backupId);
  const stamps = await headStamps(copy, base?.heads ?? [], signal);
  // What somebody changed by hand left no entry: the listing shows heads that are there and should not, the other way round, and where the store tells
  // contents apart also those that are others.
  const there = (base?.heads ?? []).filter(({ id }) => stamps.has(id));
  const doubtful = new Set(changed);
  for (const id of stamps.keys()) doubtful.add(id);
  for (const { id } of there) {
    const before = known.get(id)?.head;
    const asBefore = before === undefined ? !suspicious : before === stamps.get(id);
    if (asBefore && !changed.has(id)) doubtful.delete(id);
  }
  const { heads, damaged } = await renewed(copy, { heads: there }, doubtful, signal);
  const unsettled = new Set([...marks.map(({ backupId }) => backupId), ...damaged.map(({ key }) => backupOfHead(key))]);
  // An older base, where the newest cannot be read, looks further back than this one's readers will.
  const absorbed = names.filter((name) => Number(name.slice(0, 10)) >= since);
  const sightings: Sightings = new Map([...known].map(([id, { sealed }]) => [id, { sealed }]));
  for (const { id } of heads) {
    const head = stamps.get(id);
    // Listed before it was read: what was written in between is told of otherwise the next time.
    const read = doubtful.has(id) || known.get(id)?.head === head;
    if (head !== undefined && read && !unsettled.has(id)) sightings.set(id, { ...sightings.get(id), head });
  }
  const snapshot = { number: since + 1, since, absorbed, unsettled: [...unsettled], heads };
  return { marks, at, sightings, snapshot };
}

export interface Draft {
  snapshot: Snapshot;
  sightings: Sightings;
  marks: { key: string; modified: Date }[];
  /** The store's clock, when it was begun. */
  at: Date;
}

/** What the listing tells of each head. */
async function headStamps(
  copy: RepositoryCopy,
  known: BackupHead[],
  signal?: AbortSignal,
): Promise<Map<string, string | undefined>> {
  const stamps = new Map<string, string | undefined>();
  const stretches = stretchesOf(
    copy.store,
    known.map(({ id }) => headKey(id)),
  );
  const take = (object: StoredObject) => {
    const id = backupOfHead(object.key);
    if (headKey(id) === object.key) stamps.set(id, stampOf(object));
  };
  await listStretches(copy.store, headsPrefix, stretches, take, signal);
  return stamps;
}

export async function hasMany(copy: RepositoryCopy): Promise<boolean> {
  let heads = 0;
  for await (const _ of copy.store.list(headsPrefix)) if (++heads >= worthwhile) return true;
  return false;
}

/** The snapshot that was just made says which they were; the next one needs them no more. */
async function forgetAbandoned(
  copy: RepositoryCopy,
  marks: { key: string; modified: Date }[],
  now: Date,
): Promise<void> {
  const old = marks.filter(({ modified }) => now.getTime() - modified.getTime() > abandonedMs).map(({ key }) => key);
  if (old.length > 0) await copy.store.delete([...new Set(old)]).catch(() => undefined);
}
