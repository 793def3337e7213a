/** Sealing as the archive needs it, by a fixed key: tests of the archive are no tests of the repository's keys. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import { HoldfastError } from '../../../domain/errors';
import type { Store } from '../../../repository/store';
import type { WalObjects } from '../../../repository/wal/objects';

const key = Buffer.alloc(32, 7);

export function testObjects(...stores: Store[]): WalObjects {
  return {
    stores,
    seal(plaintext, context) {
      const nonce = randomBytes(12);
      const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(context));
      return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
    },
    open(sealed, context) {
      const decipher = createDecipheriv('aes-256-gcm', key, sealed.subarray(0, 12)).setAAD(Buffer.from(context));
      decipher.setAuthTag(sealed.subarray(-16));
      try {
        return Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]);
      } catch (cause) {
        throw new HoldfastError('checksum_mismatch', 'the object does not open', { cause });
      }
    },
    name: (text) => createHmac('sha256', key).update(text).digest('hex'),
  };
}
