/**
 * Keys, how they hang together, and what each is for (docs/format.md has the exact labels).
 *
 * master key (key file) wraps → repository key → (HKDF) names, content, metadata, WAL and data-key wrapping; each backup has a random
 * data key, wrapped by the last of these; each stored object has its own random salt and from it its own key, so that no nonce is ever
 * used twice with one key, whoever retries or comes back from the dead.
 * Guaranteed: a wrong master key is named `key_wrong`, never taken for damage. Not guaranteed: anything once the key file has leaked.
 */
import { createHmac, hkdfSync } from 'node:crypto';

export const keyBytes = 32;

export interface RepositoryKeys {
  /** HMAC key for the names of objects. */
  names: Buffer;
  /** HMAC key for "the same bytes without telling which". */
  content: Buffer;
  /** Seals plans, indexes and manifests. */
  metadata: Buffer;
  /** Seals WAL segments and parts. */
  wal: Buffer;
  /** Wraps the data keys of backups. */
  wrapping: Buffer;
}

export function deriveKey(
  from: Uint8Array,
  label: string,
  salt: Uint8Array = Buffer.alloc(0),
  bytes = keyBytes,
): Buffer {
  return Buffer.from(hkdfSync('sha256', from, salt, `holdfast ${label} v1`, bytes));
}

export function deriveRepositoryKeys(repositoryKey: Uint8Array): RepositoryKeys {
  return {
    names: deriveKey(repositoryKey, 'names'),
    content: deriveKey(repositoryKey, 'content'),
    metadata: deriveKey(repositoryKey, 'metadata'),
    wal: deriveKey(repositoryKey, 'wal'),
    wrapping: deriveKey(repositoryKey, 'data key wrapping'),
  };
}

/** HMAC-SHA256 (hex) of the plaintext under the content key: equal exactly when the bytes are. */
export function contentMac(contentKey: Uint8Array, ...plaintext: Uint8Array[]): string {
  const mac = createHmac('sha256', contentKey);
  for (const part of plaintext) mac.update(part);
  return mac.digest('hex');
}
