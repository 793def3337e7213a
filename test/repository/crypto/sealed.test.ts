import { createHash, randomBytes } from 'node:crypto';
import { frameBytes } from '../../../domain/pack';
import { type SealOptions, SealWriter } from '../../../repository/crypto/seal';
import { openBytes, sealBytes } from '../../../repository/crypto/sealed-bytes';
import { footerBytes, headerBytes } from '../../../repository/crypto/sealed-format';
import type { OpenOptions } from '../../../repository/crypto/unseal';

const key = randomBytes(32);
const options: SealOptions = { key, context: 'document/one', kind: 'metadata' };
const opening: OpenOptions = { ...options, where: 'test' };

function seal(bytes: Uint8Array, changes: Partial<SealOptions> = {}): Buffer {
  return Buffer.from(sealBytes(bytes, { ...options, ...changes }).object);
}

/** A sealed object whose data frames hold 100 bytes each, and where its frames start. */
function smallFrames(count: number): { object: Buffer; starts: number[] } {
  const writer = new SealWriter(options);
  for (let frame = 0; frame < count; frame++) writer.append(randomBytes(100));
  const object = Buffer.from(writer.end(Buffer.from('the last')).object);
  return { object, starts: Array.from({ length: count + 1 }, (_, frame) => headerBytes + frame * 120) };
}

describe('a sealed object', () => {
  test.each([0, 1, 63, 64, 1000, frameBytes, frameBytes + 1, 3 * frameBytes])(
    'opens to the same %i bytes',
    (length) => {
      for (const bytes of [randomBytes(length), Buffer.alloc(length, 'compressible ')]) {
        const { object, sha256 } = sealBytes(bytes, options);
        expect(openBytes(Buffer.from(object), opening).equals(bytes)).toBe(true);
        expect(createHash('sha256').update(object).digest('hex')).toBe(sha256);
      }
    },
  );

  test('is smaller where its contents can be compressed, and hardly larger where not', () => {
    const bytes = 2 * frameBytes;
    expect(seal(Buffer.alloc(bytes, 'text ')).length).toBeLessThan(bytes / 100);
    expect(seal(randomBytes(bytes)).length).toBe(bytes + headerBytes + 2 * 20 + footerBytes);
  });

  test('is refused after any single bit of it was flipped', () => {
    const object = seal(Buffer.from('some bytes that are worth keeping, some bytes that are worth keeping'));
    for (let bit = 0; bit < object.length * 8; bit++) {
      const bent = Buffer.from(object);
      bent.writeUInt8(bent.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
      expect({ bit, opened: opens(bent) }).toEqual({ bit, opened: false });
    }
  });

  test('is refused when cut off anywhere, or with anything added', () => {
    const { object } = smallFrames(2);
    for (let length = 0; length < object.length; length++) expect(opens(object.subarray(0, length))).toBe(false);
    expect(opens(Buffer.concat([object, Buffer.alloc(1)]))).toBe(false);
    expect(opens(Buffer.concat([object, object.subarray(-footerBytes)]))).toBe(false);
  });

  test('is refused when frames are swapped, repeated or left out', () => {
    const { object, starts } = smallFrames(3);
    const [a = 0, b = 0, c = 0, last = 0] = starts;
    const [head, one, two, rest] = [
      object.subarray(0, a),
      object.subarray(a, b),
      object.subarray(b, c),
      object.subarray(c),
    ];
    expect(opens(Buffer.concat([head, one, two, rest]))).toBe(true);
    expect(opens(Buffer.concat([head, two, one, rest]))).toBe(false);
    expect(opens(Buffer.concat([head, one, one, rest]))).toBe(false);
    expect(opens(Buffer.concat([head, one, rest]))).toBe(false);
    expect(opens(Buffer.concat([head, one, object.subarray(last)]))).toBe(false);
  });

  test('is refused in the place of another: other context, other kind, header of another', () => {
    const object = seal(Buffer.from('mine'));
    const other = seal(Buffer.from('ours'));
    const refused = { code: 'checksum_mismatch' };
    expect(code(() => openBytes(object, { ...opening, context: 'document/two' }))).toEqual(refused);
    expect(code(() => openBytes(object, { ...opening, kind: 'wal' }))).toEqual(refused);
    const mixed = Buffer.concat([other.subarray(0, headerBytes), object.subarray(headerBytes)]);
    expect(code(() => openBytes(mixed, opening))).toEqual(refused);
    other.copy(mixed, mixed.length - footerBytes, other.length - footerBytes);
    expect(code(() => openBytes(mixed, opening))).toEqual(refused);
  });

  test('says that the key is wrong, and not that the object is damaged', () => {
    const object = seal(Buffer.from('mine'));
    expect(code(() => openBytes(object, { ...opening, key: randomBytes(32) }))).toEqual({ code: 'key_wrong' });
  });

  test('says which format version it does not know', () => {
    const object = seal(Buffer.from('mine'));
    const { crc32c } = jest.requireActual<typeof import('@node-rs/crc32')>('@node-rs/crc32');
    object.writeUInt8(9, 8);
    object.writeUInt32LE(crc32c(object.subarray(0, 60)), 60);
    object.copy(object, object.length - footerBytes, 0, headerBytes);
    const footer = object.subarray(-footerBytes);
    footer.writeUInt32LE(crc32c(footer.subarray(0, 80)), 80);
    expect(code(() => openBytes(object, opening))).toEqual({ code: 'repository_format' });
  });

  test('never has the same salt or the same ciphertext twice', () => {
    const objects = Array.from({ length: 500 }, () => seal(Buffer.from('always the same')));
    const distinct = (from: number, to: number) =>
      new Set(objects.map((one) => one.subarray(from, to).toString('hex'))).size;
    expect(distinct(16, 48)).toBe(500);
    expect(distinct(headerBytes + 4, headerBytes + 19)).toBe(500);
  });

  test('is written into the buffer that was handed in, as long as that is large enough', () => {
    const buffer = new ArrayBuffer(100_000);
    expect(sealBytes(randomBytes(50_000), { ...options, buffer }).object.buffer).toBe(buffer);
    const grown = sealBytes(randomBytes(200_000), { ...options, buffer }).object;
    expect(grown.buffer).not.toBe(buffer);
    expect(openBytes(Buffer.from(grown), opening)).toHaveLength(200_000);
  });
});

function opens(object: Buffer): boolean {
  try {
    openBytes(object, opening);
    return true;
  } catch (error) {
    expect(error).toMatchObject({ name: 'HoldfastError' });
    return false;
  }
}

function code(work: () => unknown): unknown {
  try {
    work();
    return 'nothing was refused';
  } catch (error) {
    return { code: (error as { code: string }).code };
  }
}
