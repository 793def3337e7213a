/**
 * The key that a repository's own key is wrapped with. A repository may know several, each by its fingerprint: any one of them opens it
 * (`repository/master-keys.ts`), so that one can be replaced by another without a single pack being written again.
 */
import { readKeyFile } from './key-file';
import type { KeySource } from './key-source';
import { fingerprint, unwrapKey, wrapKey } from './wrap';

export interface MasterKey {
  readonly mode: 'file' | 'kms';
  /** Says which key it is without telling anything about it. */
  readonly fingerprint: string;
  /** Base64. `purpose` is authenticated with it. */
  wrap(key: Buffer, purpose: string): Promise<string>;
  /** @throws HoldfastError `checksum_mismatch` when what is wrapped is damaged or belongs elsewhere; of a key service `key_unavailable` */
  unwrap(wrapped: string, purpose: string): Promise<Buffer>;
}

/** @throws HoldfastError `key_invalid`, of a key service `key_unavailable`; undefined where nothing is encrypted */
export async function openMasterKey(source: KeySource): Promise<MasterKey | undefined> {
  if (source.kind === 'none') return undefined;
  if (source.kind === 'file') return keyInHand(await readKeyFile(source.path));
  // loaded only here: whoever has a key file pays nothing for the SDK
  const { openKmsKey } = require('./kms-key') as typeof import('./kms-key');
  return await openKmsKey(source.keyId);
}

/** A key that lies in memory, from a key file. */
export function keyInHand(key: Buffer): MasterKey {
  return {
    mode: 'file',
    fingerprint: fingerprint(key),
    wrap: async (inner, purpose) => wrapKey(key, inner, purpose),
    unwrap: async (wrapped, purpose) => unwrapKey(key, wrapped, purpose),
  };
}
