import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { HoldfastError } from '../../domain/errors';
import { deriveKey, keyBytes } from './keys';

/** A key under another key: AES-256-GCM, base64 of nonce (12), ciphertext (32), tag (16). `purpose` is authenticated with it. */
export function wrapKey(wrapping: Uint8Array, key: Uint8Array, purpose: string): string {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', wrapping, nonce).setAAD(Buffer.from(purpose));
  return Buffer.concat([nonce, cipher.update(key), cipher.final(), cipher.getAuthTag()]).toString('base64');
}

/** @throws HoldfastError `checksum_mismatch`: the wrapping key is right (its fingerprint was compared before), the bytes are not */
export function unwrapKey(wrapping: Uint8Array, wrapped: string, purpose: string): Buffer {
  const bytes = Buffer.from(wrapped, 'base64');
  try {
    const decipher = createDecipheriv('aes-256-gcm', wrapping, bytes.subarray(0, 12)).setAAD(Buffer.from(purpose));
    decipher.setAuthTag(bytes.subarray(-16));
    const key = Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]);
    if (key.length === keyBytes) return key;
  } catch {
    // told below, in words that say more than OpenSSL's
  }
  throw new HoldfastError('checksum_mismatch', 'a wrapped key is damaged or belongs elsewhere', { where: purpose });
}

/** Says which key it is without telling anything about it. */
export function fingerprint(key: Uint8Array): string {
  return deriveKey(key, 'fingerprint', undefined, 8).toString('hex');
}
