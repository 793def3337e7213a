/**
 * Making the catalog again: `backups/<id>/sealed` says what each backup is, the history what became of it.
 *
 * Guaranteed: any one store is enough; a readable head is kept, so that nothing is lost that only the catalog knew; what had expired or failed does not
 * come back as completed while the history or a snapshot still tells so; afterwards the index is made anew from the heads. Every head and every manifest is
 * looked for; where the store's listing tells that it is the one that was read before (`catalog/seen.ts`), it is not read again.
 * Not guaranteed: anything of a store that cannot be reached: its name stays in the heads that have it; without `full`, that the medium below a
 * service still has what the service tells of.
 */
import type { BackupHead } from '../domain/backup';
import { changedKeys } from '../domain/catalog/history';
import { isHoldfastError, reportError } from '../domain/errors';
import { currentAuthor } from './catalog/author';
import { forEach } from './catalog/each';
import { putEntry } from './catalog/history';
import { usableSnapshot } from './catalog/listing';
import { Memory } from './catalog/memory';
import { byAge, getHeadIfWhole, headBody } from './catalog/read';
import { type Draft, draftSnapshot, hasMany, makeSnapshot, putDraft } from './catalog/renew';
import { sealedStamp, stampOf } from './catalog/seen';
import { newestSnapshot } from './catalog/snapshots';
import type { RepositoryCopy } from './copy';
import { describeBackup } from './described';
import { refOf } from './documents';
import { backupKeys, headKey } from './names';
import { clearHead } from './redact';
import { readSealedManifest } from './sealed-manifest';
import { sealsOf } from './seals';

/** Requests under way: most of the time is spent waiting for the store. */
const atOnce = 48;

export interface RebuiltCatalog {
  /** Ids whose head was made. */
  rebuilt: string[];
  /** Ids whose head was there and whole. */
  kept: string[];
  /** Folders without a readable manifest: unfinished, failed or damaged. No head is made for them. */
  unusable: { id: string; reason: string }[];
  /** Of those that were made: no history tells what became of them, and they count as completed. */
  untold: string[];
}

export interface RebuildOptions {
  /** Reads every head, and asks the store for the checksum of every manifest. */
  full?: boolean;
}

export async function rebuildCatalog(
  copies: RepositoryCopy[],
  { full = false }: RebuildOptions = {},
): Promise<RebuiltCatalog> {
  const sights: StoreSight[] = [];
  for (const copy of copies) sights.push(await lookAt(copy, full));
  const outcome: RebuiltCatalog = { rebuilt: [], kept: [], unusable: [], untold: [] };
  const ids = new Set(sights.flatMap(({ sealed, gone }) => [...sealed.keys(), ...gone]));
  await forEach([...ids].sort(), atOnce, async (id) => {
    const { made, untold } = await mend(sights, id);
    (made ? outcome.rebuilt : outcome.kept).push(id);
    if (untold) outcome.untold.push(id);
  });
  for (const { id, reason } of sights.flatMap(({ unusable }) => unusable)) {
    if (!ids.has(id) && !outcome.unusable.some((one) => one.id === id)) outcome.unusable.push({ id, reason });
  }
  for (const list of [outcome.rebuilt, outcome.kept, outcome.untold]) list.sort();
  for (const sight of sights) await indexAnew(sight);
  return outcome;
}

/** What a store shows of its backups. */
interface StoreSight {
  copy: RepositoryCopy;
  memory: Memory;
  draft: Draft;
  heads: Map<string, BackupHead>;
  /** Backups that are complete here. */
  sealed: Map<string, SealedSight>;
  /** Without head and without manifest, and told by the history to have failed or expired. */
  gone: Set<string>;
  unusable: { id: string; reason: string }[];
}

interface SealedSight {
  /** Of the sealed manifest. */
  sha256: string;
  /** There is a head, and it is of this manifest. */
  fits: boolean;
  /** Made of the manifest, where neither a head nor the history is of it. */
  made?: BackupHead;
  /** What says that it failed or expired is wrong: its manifest is locked, last of all and until nobody needs it. */
  standing?: boolean;
}

async function lookAt(copy: RepositoryCopy, full: boolean): Promise<StoreSight> {
  const snapshot = await usableSnapshot(copy);
  const draft = await draftSnapshot(copy, undefined, full ? {} : { base: snapshot, suspicious: true });
  const heads = new Map(draft.snapshot.heads.map((head) => [head.id, head]));
  const memory = await Memory.of(copy, heads, snapshot);
  const sight: StoreSight = { copy, memory, draft, heads, sealed: new Map(), gone: new Set(), unusable: [] };
  const seals = await sealsOf(copy, snapshot?.heads ?? [], draft.sightings);
  await forEach(seals, atOnce, async ([id, seal]) => {
    try {
      const head = heads.get(id);
      const recalled = head ? undefined : await memory.recall(id);
      const standing = await standsLocked(sight, head ?? recalled);
      const seen = standing
        ? { ...(await lookAtBackup({ ...sight, heads: new Map() }, id, seal, undefined)), standing }
        : await lookAtBackup(sight, id, seal, recalled);
      sight.sealed.set(id, seen);
    } catch (error) {
      if (!isHoldfastError(error) || error.retryable) throw error;
      sight.unusable.push({ id, reason: reportError(error).message });
    }
  });
  for (const [id, end] of memory.ends()) {
    if ((end === 'failed' || end === 'expired') && !heads.has(id) && !sight.sealed.has(id)) sight.gone.add(id);
  }
  return sight;
}

/** Heads are in the clear, and whoever may write to a store may write there that a backup is of no use. */
async function standsLocked({ copy, heads }: StoreSight, told: BackupHead | undefined): Promise<boolean> {
  if (told === undefined || !['failed', 'expired'].includes(told.status)) return false;
  if ((await copy.store.locks?.lastLockOf(backupKeys.sealed(told.id))) === undefined) return false;
  // What had expired before another one was built upon it is locked for that one, and is offered no more.
  return told.status === 'failed' || ![...heads.values()].some(({ chain }) => chain?.includes(told.id));
}

/** What a head or the history says of this manifest is right; the store's own checksum of it saves reading it. */
async function lookAtBackup(
  { copy, heads, draft: { sightings } }: StoreSight,
  id: string,
  seal: string | null | undefined,
  recalled: BackupHead | undefined,
): Promise<SealedSight> {
  const head = heads.get(id);
  const known = (head ?? recalled)?.manifestSha256;
  if (known !== undefined && seal !== null) {
    const before = sightings.get(id)?.sealed;
    if (seal !== undefined && before === sealedStamp(seal, known)) return { sha256: known, fits: head !== undefined };
    const seen = await copy.store.head(backupKeys.sealed(id));
    const stamp = seen && stampOf(seen);
    if (seen?.sha256 === known) {
      if (stamp !== undefined) sightings.set(id, { ...sightings.get(id), sealed: sealedStamp(stamp, known) });
      return { sha256: known, fits: head !== undefined };
    }
  }
  const { manifest, sha256 } = await readSealedManifest(copy, { id });
  if (head && (head.status !== 'completed' || head.manifestSha256 === sha256)) return { sha256, fits: true };
  if (recalled?.manifestSha256 === sha256) return { sha256, fits: false };
  const checksums = await copy.store.get(backupKeys.checksums(id)).catch(() => undefined);
  const made = describeBackup(manifest, copy, sha256, checksums && refOf('', checksums).sha256);
  return { sha256, fits: false, made };
}

/** Gives the backup its head in each store that lacks it, and says in each which stores have it. */
async function mend(sights: StoreSight[], id: string): Promise<{ made: boolean; untold: boolean }> {
  const outcome = { made: false, untold: false };
  const reachable = sights.map(({ copy }) => copy.store.name);
  const complete = sights.filter(({ sealed }) => sealed.has(id)).map(({ copy }) => copy.store.name);
  const elsewhere = sights.find(({ sealed }) => sealed.get(id)?.fits)?.heads.get(id);
  for (const sight of sights) {
    const { heads, sealed, gone, memory } = sight;
    const seen = sealed.get(id);
    if (seen === undefined && !gone.has(id)) continue;
    const old = heads.get(id);
    const fits = old !== undefined && (seen?.fits ?? false);
    const recalled = fits ? old : fitting(await memory.recall(id), seen?.sha256);
    const told = seen?.standing && recalled?.status !== 'completed' ? undefined : recalled;
    const head = told ?? (elsewhere && ofAnotherCopy(elsewhere)) ?? seen?.made;
    if (head === undefined) continue;
    const others = head.stores.filter((name) => !reachable.includes(name));
    const stores = seen === undefined ? head.stores : [...complete, ...others];
    // One that is being made says by itself where it is when it is done.
    if (fits && (sameNames(stores, old.stores) || !['completed', 'expired'].includes(old.status))) continue;
    const { location } = sight.copy.store;
    const lock = fits || !(await sight.copy.store.locks?.supported()) ? {} : await lockIn(sight.copy, id);
    if (!(await putBack(sight, { ...head, ...lock, stores, location }, { old, told }))) continue;
    outcome.made ||= !fits;
    outcome.untold ||= told === undefined && elsewhere === undefined;
  }
  return outcome;
}

/**
 * Not as other changes are made, since the index is made anew afterwards: a hundred thousand heads are a request each, and of one that is as the
 * history told there is nothing new to tell. Somebody else's head that has come since we looked stays.
 */
async function putBack(
  { copy, heads, draft }: StoreSight,
  head: BackupHead,
  { old, told }: { old?: BackupHead; told?: BackupHead },
): Promise<boolean> {
  const clear = clearHead(copy, head);
  const [key, body] = [headKey(head.id), headBody(clear)];
  if (old !== undefined || (await copy.store.put(key, body, { ifAbsent: true })) === 'exists') {
    const now = await getHeadIfWhole(copy, head.id);
    if (now !== undefined && (old === undefined || changedKeys(old, now).length > 0)) return false;
    await copy.store.put(key, body);
  }
  heads.set(head.id, clear);
  draft.sightings.set(head.id, { sealed: draft.sightings.get(head.id)?.sealed });
  const changed = changedKeys(told, clear);
  if (told !== undefined && changed.length === 0) return true;
  const { since, absorbed } = draft.snapshot;
  const facts = { backupId: head.id, from: told?.status ?? null, to: head.status, changed, head: clear };
  const made = { format: 1 as const, at: draft.at.toISOString(), by: currentAuthor(), note: 'made again' };
  absorbed.push(await putEntry(copy, since, { ...made, ...facts }));
  return true;
}

/** What the history tells of an earlier backup of that id is not of this one. */
function fitting(head: BackupHead | undefined, sha256: string | undefined): BackupHead | undefined {
  if (head === undefined || sha256 === undefined || head.manifestSha256 === sha256) return head;
  return head.status === 'failed' ? head : undefined;
}

/** A head describes the copy beside it: what was proved, locked, moved and expired there is not so here. */
function ofAnotherCopy({ proofs: _, provenAt: _1, verifiedAt: _2, lock: _3, ...described }: BackupHead): BackupHead {
  const { expiredAt: _4, moved: _5, archived: _6, storageClass: _7, movingTo: _8, ...head } = described;
  return head.status === 'expired' ? { ...head, status: 'completed' } : head;
}

function sameNames(some: string[], others: string[]): boolean {
  return some.length === others.length && some.every((name) => others.includes(name));
}

/** What was changed by hand left no trace in the old one. */
async function indexAnew({ copy, draft, heads }: StoreSight): Promise<void> {
  if (!(await hasMany(copy)) && (await newestSnapshot(copy)) === 0) return;
  const snapshot = { ...draft.snapshot, heads: [...heads.values()].sort(byAge) };
  // What was written since it was drafted has an entry that it does not know, but those of our own.
  if ((await putDraft(copy, { ...draft, snapshot })) === 'created') return;
  for (let attempt = 0; attempt < 5; attempt++) {
    if ((await makeSnapshot(copy, undefined, snapshot)) === 'created') return;
  }
}

/** A head speaks of its own store: what another one says of locks is not taken over. */
async function lockIn({ store }: RepositoryCopy, id: string): Promise<Pick<BackupHead, 'lock'>> {
  const lock = await store.locks?.lockOf(backupKeys.sealed(id));
  return { lock: lock && { mode: lock.mode, until: lock.until.toISOString() } };
}
