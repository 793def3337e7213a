/**
 * The hash by which blocks are compared: XXH3 with a secret of the repository, 64 bits, at the speed of memory. It tells blocks apart and authenticates
 * nothing: what is stored is authenticated by its frames.
 */
import { hkdfSync } from 'node:crypto';
import { xxh3 } from '@node-rs/xxhash';
import { blockHashBytes } from '../../domain/blocks';

export type BlockHash = (block: Buffer) => Buffer;

const secretBytes = 192;

export function blockHashOf(contentKey: Uint8Array): BlockHash {
  const secret = Buffer.from(hkdfSync('sha256', contentKey, '', 'holdfast block hashes', secretBytes));
  return (block) => {
    const hash = Buffer.allocUnsafe(blockHashBytes);
    hash.writeBigUInt64LE(xxh3.xxh64WithSecret(block, secret));
    return hash;
  };
}
