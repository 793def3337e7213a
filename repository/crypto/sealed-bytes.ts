/** Sealed objects that are small enough to be held whole: WAL segments and parts, plans, indexes, manifests. */
import type { z } from 'zod';
import { HoldfastError } from '../../domain/errors';
import { frameBytes } from '../../domain/pack';
import { freeNow } from './free';
import { type SealedObject, type SealOptions, SealWriter } from './seal';
import { decodeFooter } from './sealed-format';
import { type OpenOptions, openFrames } from './unseal';

export function sealBytes(bytes: Uint8Array, options: SealOptions): SealedObject {
  const writer = new SealWriter(options);
  let at = 0;
  for (; at + frameBytes < bytes.byteLength; at += frameBytes) writer.append(bytes.subarray(at, at + frameBytes));
  return writer.end(bytes.subarray(at));
}

/** @throws HoldfastError `checksum_mismatch`, `key_wrong`, `repository_format` */
export function openBytes(object: Buffer, options: OpenOptions): Buffer {
  let whole: Buffer | undefined;
  let filled = 0;
  for (const frame of openFrames(object, options, frameBytes)) {
    // No frame is longer than a full one: so much is enough, and what is never touched costs nothing.
    whole ??= Buffer.allocUnsafeSlow(decodeFooter(object, options.where).frames * frameBytes);
    filled += frame.copy(whole, filled);
    freeNow(frame);
  }
  return whole?.subarray(0, filled) ?? Buffer.alloc(0);
}

export function sealJson(value: unknown, options: SealOptions): SealedObject {
  return sealBytes(Buffer.from(JSON.stringify(value), 'utf8'), options);
}

/** @throws HoldfastError as {@link openBytes}; `invalid_backup` when what was sealed is not what the schema says */
export function openJson<T>(object: Buffer, schema: z.ZodType<T>, options: OpenOptions): T {
  return readJson(openBytes(object, options), schema, options.where);
}

/** For JSON in the clear too. */
export function readJson<T>(bytes: Buffer, schema: z.ZodType<T>, where: string): T {
  let problem: string;
  try {
    const checked = schema.safeParse(JSON.parse(bytes.toString('utf8')));
    if (checked.success) return checked.data;
    problem = checked.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`)[0] ?? 'unknown';
  } catch {
    problem = 'it is not JSON';
  }
  throw new HoldfastError('invalid_backup', `a stored document does not have the form it should have (${problem})`, {
    where,
    hints: ['it was damaged or overwritten: use another store that holds the same backups'],
  });
}
