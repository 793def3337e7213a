/** Sealed JSON documents under the metadata key, bound to repository and key: none can stand in for another. */
import { createHash } from 'node:crypto';
import type { z } from 'zod';
import { HoldfastError, isHoldfastError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import { openJson, sealJson } from './crypto/sealed-bytes';
import type { OpenOptions } from './crypto/unseal';
import { fromAnyCopy } from './elsewhere';

/** What is written down of a document, so that later another one cannot stand in for it. */
export interface DocumentRef {
  key: string;
  sha256: string;
  bytes: number;
}

/** For documents that are written once and never again: the first writer's stays, and is what comes back. */
export async function putSealedOnce(copy: RepositoryCopy, key: string, value: unknown): Promise<DocumentRef> {
  const { object, sha256 } = sealJson(value, sealingOf(copy, key));
  const outcome = await copy.store.put(key, object, { ifAbsent: true, sha256 });
  if (outcome === 'created') return { key, sha256, bytes: object.byteLength };
  return refOf(key, await copy.store.get(key));
}

/** Replaces what is there; `ifAbsent` tells instead that something was. */
export async function putSealed(
  copy: RepositoryCopy,
  key: string,
  value: unknown,
  options: { ifAbsent?: boolean } = {},
): Promise<'created' | 'exists'> {
  const { object, sha256 } = sealJson(value, sealingOf(copy, key));
  return await copy.store.put(key, object, { ...options, sha256 });
}

/** From another copy where the first is not right and has others. @throws HoldfastError `object_not_found`, `checksum_mismatch`, `key_wrong`, `invalid_backup` */
export async function getSealed<T>(
  copy: RepositoryCopy,
  key: string,
  schema: z.ZodType<T>,
  sha256?: string,
): Promise<T> {
  return await fromAnyCopy(copy, async (one) => await getSealedOf(one, key, schema, sha256));
}

async function getSealedOf<T>(copy: RepositoryCopy, key: string, schema: z.ZodType<T>, sha256?: string): Promise<T> {
  const object = await copy.store.get(key);
  const where = `${copy.store.name}:${key}`;
  if (sha256 !== undefined && refOf(key, object).sha256 !== sha256) {
    throw new HoldfastError('checksum_mismatch', 'a document of the repository is not the one that was written', {
      where,
      hints: ['restore from another store or backup'],
    });
  }
  return openSealed(copy, key, schema, object);
}

/** What was read already. @throws HoldfastError as {@link getSealed} */
export function openSealed<T>(copy: RepositoryCopy, key: string, schema: z.ZodType<T>, object: Buffer): T {
  return openJson(object, schema, { ...sealingOf(copy, key), where: `${copy.store.name}:${key}` });
}

export async function getSealedIfThere<T>(
  copy: RepositoryCopy,
  key: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  try {
    return await getSealed(copy, key, schema);
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'object_not_found') return undefined;
    throw error;
  }
}

export function refOf(key: string, object: Uint8Array): DocumentRef {
  return { key, sha256: createHash('sha256').update(object).digest('hex'), bytes: object.byteLength };
}

function sealingOf(copy: RepositoryCopy, key: string): Omit<OpenOptions, 'where'> {
  return { key: copy.keys.metadata, context: `document/${copy.repositoryId}/${key}`, kind: 'metadata' };
}
