/** `repository.json`: what kind of repository this is and how its key is kept. In the clear, written once. */
import { randomBytes, randomUUID } from 'node:crypto';
import { z } from 'zod';
import { HoldfastError } from '../domain/errors';
import { keyBytes } from './crypto/keys';
import { fingerprint, unwrapKey, wrapKey } from './crypto/wrap';

export const repositoryFormat = 1;

export interface Description {
  format: number;
  repositoryId: string;
  system: string;
  created: string;
  key: { mode: 'file'; fingerprint: string; wrapped: string } | { mode: 'none'; key: string };
}

export const descriptionSchema: z.ZodType<Description> = z.looseObject({
  format: z.int(),
  repositoryId: z.uuid(),
  system: z.string(),
  created: z.string(),
  key: z.discriminatedUnion('mode', [
    z.looseObject({ mode: z.literal('file'), fingerprint: z.string(), wrapped: z.base64() }),
    z.looseObject({ mode: z.literal('none'), key: z.base64() }),
  ]),
});

/** A new repository; without a master key its own key lies in the clear. */
export function describeNew(system: string, created: Date, masterKey: Buffer | undefined): Description {
  const repositoryId = randomUUID();
  const key = randomBytes(keyBytes);
  return {
    format: repositoryFormat,
    repositoryId,
    system,
    created: created.toISOString(),
    key:
      masterKey === undefined
        ? { mode: 'none', key: key.toString('base64') }
        : {
            mode: 'file',
            fingerprint: fingerprint(masterKey),
            wrapped: wrapKey(masterKey, key, purpose(repositoryId)),
          },
  };
}

/** @throws HoldfastError `key_wrong` when the master key is another one, or there should be one, or there should be none */
export function repositoryKeyOf(description: Description, masterKey: Buffer | undefined, where: string): Buffer {
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
  if (fingerprint(masterKey) !== key.fingerprint) {
    throw new HoldfastError('key_wrong', 'the repository was made with another key', {
      where,
      hints: [`the key file that fits has the fingerprint ${key.fingerprint}; this one has ${fingerprint(masterKey)}`],
    });
  }
  return unwrapKey(masterKey, key.wrapped, purpose(repositoryId));
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
