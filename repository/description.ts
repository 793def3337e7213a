/** `repository.json`: what kind of repository this is and how its key is kept. In the clear, written once; only the key in it is replaced when it is retired. */
import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { HoldfastError } from '../domain/errors';
import { keyBytes } from './crypto/keys';
import type { MasterKey } from './crypto/master-key';

export const repositoryFormat = 1;

/** The repository key under one of the master keys that open it. */
export interface WrappedKey {
  mode: MasterKey['mode'];
  fingerprint: string;
  wrapped: string;
}

export interface Description {
  format: number;
  repositoryId: string;
  system: string;
  created: string;
  key: WrappedKey | { mode: 'none'; key: string };
}

export const wrappedKeySchema: z.ZodType<WrappedKey> = z.looseObject({
  mode: z.enum(['file', 'kms']),
  fingerprint: z.string(),
  wrapped: z.base64(),
});

export const descriptionSchema: z.ZodType<Description> = z.looseObject({
  format: z.int(),
  repositoryId: z.uuid(),
  system: z.string(),
  created: z.string(),
  key: z.union([wrappedKeySchema, z.looseObject({ mode: z.literal('none'), key: z.base64() })]),
});

/** A new repository; without a master key its own key lies in the clear. */
export async function describeNew(
  system: string,
  created: Date,
  masterKey: MasterKey | undefined,
): Promise<Description> {
  const repositoryId = randomUUID();
  const key = randomBytes(keyBytes);
  const basis = { format: repositoryFormat, repositoryId, system, created: created.toISOString() };
  if (masterKey === undefined) return { ...basis, key: { mode: 'none', key: key.toString('base64') } };
  return { ...basis, key: await wrapFor(repositoryId, key, masterKey) };
}

export async function wrapFor(repositoryId: string, key: Buffer, masterKey: MasterKey): Promise<WrappedKey> {
  const { mode, fingerprint } = masterKey;
  return { mode, fingerprint, wrapped: await masterKey.wrap(key, purpose(repositoryId)) };
}

/**
 * @param further the key's own entry, where the description has another one's
 * @throws HoldfastError `key_wrong` when the master key is another one, or there should be one, or there should be none
 */
export async function repositoryKeyOf(
  description: Description,
  masterKey: MasterKey | undefined,
  where: string,
  further?: WrappedKey,
): Promise<Buffer> {
  const { key, repositoryId } = description;
  if (key.mode === 'none') {
    if (masterKey === undefined) return Buffer.from(key.key, 'base64');
    throw new HoldfastError('key_wrong', 'the repository is not encrypted, though a key is configured', {
      where,
      hints: ['use a new, empty store for encrypted backups, or take "encryption" out of the configuration'],
    });
  }
  if (masterKey === undefined) {
    throw new HoldfastError('key_wrong', 'the repository is encrypted and no key is configured', {
      where,
      hints: ['set encryption.keyFile to the key file that the repository was made with'],
    });
  }
  const fitting = [key, further].find((one) => one?.fingerprint === masterKey.fingerprint);
  if (fitting === undefined) {
    throw new HoldfastError('key_wrong', 'the repository was made with another key', {
      where,
      hints: [`the key that fits has the fingerprint ${key.fingerprint}; this one has ${masterKey.fingerprint}`],
    });
  }
  return await masterKey.unwrap(fitting.wrapped, purpose(repositoryId));
}

function purpose(repositoryId: string): string {
  return `repository key of ${repositoryId}`;
}

/** Refuses what this release cannot read, and another system's repository. */
export function assertUsable(description: Description, system: string, where: string): void {
  if (description.format !== repositoryFormat) {
    throw new HoldfastError('repository_format', `the repository has format ${description.format}`, {
      where,
      hints: [`this holdfast knows format ${repositoryFormat}`],
    });
  }
  if (description.system !== system) {
    throw new HoldfastError('repository_format', `the store holds the repository of the system ${description.system}`, {
      where,
      hints: ['give each system a directory, bucket or prefix of its own'],
    });
  }
}
