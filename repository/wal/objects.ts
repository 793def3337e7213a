/** What the WAL archive needs of the repository around it: where objects go, and how they are sealed. */
import type { Store } from '../store';

export interface WalObjects {
  /** Every store that is to hold the WAL. */
  readonly stores: Store[];
  /**
   * Compresses and encrypts under the repository's WAL key, with a salt of its own for every call (a part stored twice never
   * repeats a nonce). `context` is bound as associated data: an object put under another name does not open.
   */
  seal(plaintext: Uint8Array, context: string): Uint8Array | Promise<Uint8Array>;
  /** @throws HoldfastError `checksum_mismatch` when the object was altered or belongs to another context */
  open(sealed: Buffer, context: string): Buffer | Promise<Buffer>;
  /** Hex HMAC under the repository's key: an opaque, repeatable name. */
  name(text: string): string;
}
