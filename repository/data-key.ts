/** The data key of a backup: random, wrapped, `backups/<id>/key.json`; the first writer's counts. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { HoldfastError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import { keyBytes } from './crypto/keys';
import { readJson } from './crypto/sealed-bytes';
import { unwrapKey, wrapKey } from './crypto/wrap';
import { fromAnyCopy } from './elsewhere';
import { backupKeys } from './names';

const keySchema = z.looseObject({ format: z.literal(1), backupId: z.string(), wrapped: z.base64() });

/** Makes the key, or takes the one that is there: both ends of a race use the same. */
export async function createDataKey(copy: RepositoryCopy, backupId: string): Promise<Buffer> {
  const wrapped = wrapKey(copy.keys.wrapping, randomBytes(keyBytes), purpose(copy, backupId));
  const body = Buffer.from(`${JSON.stringify({ format: 1, backupId, wrapped })}\n`);
  await copy.store.put(backupKeys.dataKey(backupId), body, { ifAbsent: true });
  return await getDataKey(copy, backupId);
}

/** @throws HoldfastError `object_not_found`, `checksum_mismatch` */
export async function getDataKey(copy: RepositoryCopy, backupId: string): Promise<Buffer> {
  return await fromAnyCopy(copy, async (one) => await dataKeyOf(one, backupId));
}

async function dataKeyOf(copy: RepositoryCopy, backupId: string): Promise<Buffer> {
  const key = backupKeys.dataKey(backupId);
  const where = `${copy.store.name}:${key}`;
  const found = readJson(await copy.store.get(key), keySchema, where);
  if (found.backupId !== backupId) {
    throw new HoldfastError('checksum_mismatch', 'the data key of another backup lies here', { where });
  }
  return unwrapKey(copy.keys.wrapping, found.wrapped, purpose(copy, backupId));
}

function purpose(copy: RepositoryCopy, backupId: string): string {
  return `data key of ${copy.repositoryId}/${backupId}`;
}
