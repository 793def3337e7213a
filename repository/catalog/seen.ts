/**
 * What the store's listings told of heads and sealed manifests when they were read: whoever sees the same again need not read them. Lies beside each
 * snapshot, `catalog/seen/<number>-<random>`, sealed, with its SHA-256 in the snapshot.
 *
 * Guaranteed: an object that was written again with other bytes is told of otherwise. Not guaranteed: that the store still has the bytes it tells of:
 * `catalog rebuild --full` and verification read them. A store whose listings do not tell contents apart (`dir`) has none.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { BackupHead } from '../../domain/backup';
import { isHoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../copy';
import { type DocumentRef, getSealed, putSealedOnce } from '../documents';
import { backupKeys, seenPrefix } from '../names';
import type { StoredObject } from '../store';
import { forEach } from './each';
import { eraName } from './history';
import { headsAtOnce } from './read';

export interface Seen {
  /** Of the head, when it was read as the snapshot has it. */
  head?: string;
  /** Of the sealed manifest, with the hash that it was found to have. */
  sealed?: string;
}

/** By backup. */
export type Sightings = Map<string, Seen>;

export type SeenRef = Pick<DocumentRef, 'key' | 'sha256'>;

const schema = z.looseObject({
  format: z.literal(1),
  seen: z.record(z.string(), z.tuple([z.string().nullable(), z.string().nullable()])),
});

/** Undefined: it tells nothing of the content. In whole seconds: not every answer knows more. */
export function stampOf({ tag, bytes, modified }: StoredObject): string | undefined {
  return tag === undefined ? undefined : `${tag} ${bytes} ${Math.floor(modified.getTime() / 1000)}`;
}

/** Of a manifest that was found to have this hash. */
export function sealedStamp(stamp: string, sha256: string): string {
  return `${stamp} ${sha256.slice(0, 32)}`;
}

/** Undefined where there is nothing to tell. */
export async function putSeen(
  copy: RepositoryCopy,
  number: number,
  heads: BackupHead[],
  sightings: Sightings,
): Promise<SeenRef | undefined> {
  const seen: Record<string, [string | null, string | null]> = {};
  for (const { id } of heads) {
    const { head = null, sealed = null } = sightings.get(id) ?? {};
    if (head !== null || sealed !== null) seen[id] = [head, sealed];
  }
  if (Object.keys(seen).length === 0) return undefined;
  const key = `${seenPrefix}${eraName(number)}-${randomBytes(6).toString('hex')}`;
  const { sha256 } = await putSealedOnce(copy, key, { format: 1, seen });
  return { key, sha256 };
}

/** Without any everything is read. */
export async function getSeen(copy: RepositoryCopy, ref: SeenRef | undefined): Promise<Sightings> {
  const sightings: Sightings = new Map();
  if (ref === undefined) return sightings;
  try {
    const { seen } = await getSealed(copy, ref.key, schema, ref.sha256);
    for (const [id, [head, sealed]] of Object.entries(seen)) {
      sightings.set(id, { head: head ?? undefined, sealed: sealed ?? undefined });
    }
  } catch (error) {
    if (!isHoldfastError(error) || error.retryable) throw error;
  }
  return sightings;
}

/** Those that belong to no snapshot any more, of makers that came second too. @param before the oldest snapshot that is kept */
export async function dropSeen(copy: RepositoryCopy, before: number): Promise<void> {
  const old: string[] = [];
  for await (const { key } of copy.store.list(seenPrefix)) {
    if (key.slice(seenPrefix.length) < eraName(before)) old.push(key);
  }
  if (old.length > 0) await copy.store.delete(old).catch(() => undefined);
}

/** Looks at the manifests of backups that are new, a request each, so that nobody has to look at all of them at once. */
export async function lookAtNew(
  copy: RepositoryCopy,
  heads: BackupHead[],
  sightings: Sightings,
  atMost: number,
): Promise<void> {
  const fresh = heads.filter(({ id, status, manifestSha256 }) => {
    const seen = sightings.get(id);
    return seen?.head !== undefined && seen.sealed === undefined && status === 'completed' && manifestSha256;
  });
  await forEach(fresh.slice(-atMost), headsAtOnce, async ({ id, manifestSha256 }) => {
    const object = await copy.store.head(backupKeys.sealed(id)).catch((error: unknown) => {
      if (isHoldfastError(error)) return undefined;
      throw error;
    });
    const stamp = object && stampOf(object);
    if (stamp === undefined || object?.sha256 === undefined || object.sha256 !== manifestSha256) return;
    sightings.set(id, { ...sightings.get(id), sealed: sealedStamp(stamp, object.sha256) });
  });
}
