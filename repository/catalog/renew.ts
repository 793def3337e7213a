/**
 * Making a snapshot. In this order: marks, entries, marks again, heads. A change that is under way is in one of the marks, and one that comes later has an
 * entry that the snapshot does not know.
 */
import type { RepositoryCopy } from '../copy';
import { backupOfHead, headsPrefix } from '../names';
import { listMarks } from './change';
import { changesSince, listEveryHead, renewed, usableSnapshot } from './listing';
import { newestSnapshot, putSnapshot, type Snapshot } from './snapshots';

/** Below this, reading every head is as quick, and needs no trust in an index. */
const worthwhile = 256;
/** So long does nobody write a head: the mark is of a writer that was killed, or could not take it away. */
const abandonedMs = 7 * 24 * 3600_000;

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
  const { snapshot, marks, at } = await draftSnapshot(copy, signal, base);
  const outcome = await putSnapshot(copy, snapshot);
  await forgetAbandoned(copy, marks, at);
  return outcome;
}

/** @param base without it every head is read */
export async function draftSnapshot(copy: RepositoryCopy, signal?: AbortSignal, base?: Snapshot): Promise<Draft> {
  const since = await newestSnapshot(copy);
  const at = await copy.store.clock();
  const marks = await listMarks(copy, signal);
  const { changed, names } = await changesSince(copy, { since, ...nothing, ...base }, signal);
  marks.push(...(await listMarks(copy, signal)));
  for (const { backupId } of marks) changed.add(backupId);
  const { heads, damaged } = base
    ? await renewed(copy, base, await inDoubt(copy, base, changed, signal), signal)
    : await listEveryHead(copy, signal);
  const unsettled = new Set([...marks.map(({ backupId }) => backupId), ...damaged.map(({ key }) => backupOfHead(key))]);
  // An older base, where the newest cannot be read, looks further back than this one's readers will.
  const absorbed = names.filter((name) => Number(name.slice(0, 10)) >= since);
  return { marks, at, snapshot: { number: since + 1, since, absorbed, unsettled: [...unsettled], heads } };
}

export interface Draft {
  snapshot: Snapshot;
  marks: { key: string; modified: Date }[];
  /** The store's clock, when it was begun. */
  at: Date;
}

/**
 * What somebody changed by hand left no entry: the listing shows heads that are there and should not, and the other way round.
 */
async function inDoubt(
  copy: RepositoryCopy,
  base: Snapshot,
  changed: Set<string>,
  signal?: AbortSignal,
): Promise<Set<string>> {
  const missing = new Set(base.heads.map(({ id }) => id));
  const doubtful = new Set(changed);
  for await (const { key } of copy.store.list(headsPrefix, { signal })) {
    if (key.endsWith('.json') && !missing.delete(backupOfHead(key))) doubtful.add(backupOfHead(key));
  }
  for (const id of missing) doubtful.add(id);
  return doubtful;
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
