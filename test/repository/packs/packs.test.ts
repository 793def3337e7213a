import { randomBytes } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { frameBytes } from '../../../domain/pack';
import type { StoredSlice } from '../../../domain/tree';
import { headerBytes } from '../../../repository/crypto/sealed-format';
import { type BuiltPack, buildPack, macOf } from '../../../repository/packs/build';
import {
  openWhole,
  type PackAccess,
  readIndex,
  readSlices,
  stretchOf,
  verifyPack,
} from '../../../repository/packs/open';
import { memorySource, sha256 } from './source';

const dataKey = randomBytes(32);
const contentKey = randomBytes(32);
const ref = { backupId: 'shop_full_20260101_000000', component: 'data', pack: 7 };
const access: PackAccess = { ...ref, dataKey, where: 'test' };

function build(contents: Buffer[], piece?: number): { built: BuiltPack; object: Buffer } {
  const { slices, open } = memorySource(contents, piece);
  const built = buildPack({ ...ref, slices, dataKey, contentKey }, open);
  return { built, object: Buffer.from(built.object) };
}

function readAll(object: Buffer): Buffer[] {
  const found: Buffer[] = [];
  readSlices(openWhole(object, access), (slice) => {
    const bytes = Buffer.alloc(slice.length);
    return { write: (chunk, at) => void chunk.copy(bytes, at), finish: () => void found.push(bytes) };
  });
  return found;
}

const text = (length: number) => Buffer.alloc(length, 'a line of a table that repeats itself\n');

const shapes: { what: string; contents: Buffer[]; piece?: number }[] = [
  { what: 'no slice at all', contents: [] },
  { what: 'one empty slice', contents: [Buffer.alloc(0)] },
  {
    what: 'empty slices between others',
    contents: [Buffer.alloc(0), text(10), Buffer.alloc(0), text(5), Buffer.alloc(0)],
  },
  { what: 'exactly one frame', contents: [randomBytes(frameBytes)] },
  { what: 'a slice over several frames', contents: [text(3 * frameBytes + 17)] },
  {
    what: 'slices that end at no frame’s border',
    contents: [text(frameBytes - 5), randomBytes(frameBytes), text(40), randomBytes(9)],
  },
  { what: 'thousands of small files', contents: Array.from({ length: 5000 }, (_, number) => randomBytes(number % 97)) },
  { what: 'reads of odd lengths', contents: [text(2 * frameBytes + 1), randomBytes(frameBytes)], piece: 70_001 },
];

describe('a pack', () => {
  test.each(shapes)('gives back $what', ({ contents, piece }) => {
    const { built, object } = build(contents, piece);
    expect(readAll(object).map(sha256)).toEqual(contents.map(sha256));
    expect(verifyPack(object, access).slices).toEqual(built.slices);
    expect(built).toMatchObject({ pack: 7, storedBytes: object.length, sha256: sha256(object) });
    expect(built.bytes).toBe(contents.reduce((sum, one) => sum + one.length, 0));
  });

  test('knows SHA-256 and CRC-32C of every slice, and where it lies', () => {
    const contents = [text(1_500_000), Buffer.alloc(0), randomBytes(900_000)];
    const { built } = build(contents);
    const expected = contents.map((bytes, number) => ({
      path: `file-${number}`,
      sha256: sha256(bytes),
      crc32c: crc32c(bytes),
      length: bytes.length,
    }));
    expect(built.slices).toMatchObject(expected);
    expect(built.slices.map(({ at }) => at)).toEqual([0, 1_500_000, 1_500_000]);
  });

  test('stores what does not compress as it is', () => {
    const { object } = build([randomBytes(4 * frameBytes)]);
    expect(object.length).toBeLessThan(4 * frameBytes + 8000);
    expect(build([text(4 * frameBytes)]).object.length).toBeLessThan(frameBytes / 10);
  });

  test('records what became of a slice that vanished or shrank', () => {
    const { slices } = memorySource([text(100), text(100)]);
    const left = [text(40), Buffer.alloc(0)];
    const outcomes: StoredSlice['outcome'][] = ['shrunk', 'vanished'];
    let opened = -1;
    const built = buildPack({ ...ref, slices, dataKey, contentKey }, () => {
      opened += 1;
      const [bytes = Buffer.alloc(0), outcome = 'ok'] = [left[opened], outcomes[opened]];
      let done = 0;
      return {
        read: (buffer) => {
          const count = bytes.copy(buffer, 0, done);
          done += count;
          return count;
        },
        finish: () => ({ outcome }),
      };
    });
    expect(built.slices).toMatchObject([
      { length: 40, outcome: 'shrunk' },
      { length: 0, outcome: 'vanished', sha256: sha256(Buffer.alloc(0)) },
    ]);
    expect(readAll(Buffer.from(built.object)).map(sha256)).toEqual(left.map(sha256));
  });

  test('closes its readers when reading fails', () => {
    let closed = 0;
    const { slices } = memorySource([text(100)]);
    const failing = () => ({
      read: () => {
        throw new Error('the disk is gone');
      },
      finish: () => {
        closed += 1;
        return { outcome: 'ok' as const };
      },
    });
    expect(() => buildPack({ ...ref, slices, dataKey, contentKey }, failing)).toThrow('the disk is gone');
    expect(closed).toBe(1);
  });

  test('has its index read from its tail alone', () => {
    const { built, object } = build(Array.from({ length: 3000 }, () => randomBytes(700)));
    const short = readIndex(object.subarray(-1000), access);
    if (!('need' in short)) throw new Error('1,000 bytes hold no index of 3,000 slices');
    expect(short.need).toBeLessThan(object.length / 2);
    const found = readIndex(object.subarray(-short.need), access);
    expect(found).toMatchObject({ bytes: object.length, index: { slices: built.slices } });
  });

  test('has a slice read from its own stretch alone, without decrypting the rest', () => {
    const contents = [randomBytes(2 * frameBytes + 5), text(frameBytes), randomBytes(3 * frameBytes)];
    const { object } = build(contents);
    const { index } = openWhole(object, access);
    for (const [number, slice] of index.slices.entries()) {
      const { start, length } = stretchOf(index, [slice]);
      expect(length).toBeLessThan(object.length);
      const part = { bytes: Buffer.from(object.subarray(start, start + length)), start };
      const parts: Buffer[] = [];
      readSlices({ ...access, index, part, header: object.subarray(0, headerBytes) }, (_, at) =>
        at === number ? { write: (chunk) => void parts.push(Buffer.from(chunk)), finish: () => undefined } : undefined,
      );
      expect(sha256(Buffer.concat(parts))).toBe(sha256(contents[number] ?? Buffer.alloc(0)));
    }
  });

  test('is refused as another pack, of another component or backup, or with another key', () => {
    const { object } = build([text(5000)]);
    const changes = [{ pack: 8 }, { component: 'logs' }, { backupId: 'shop_full_20260102_000000' }];
    for (const change of changes) {
      expect(() => verifyPack(object, { ...access, ...change })).toThrow(
        expect.objectContaining({ code: 'checksum_mismatch' }),
      );
    }
    expect(() => verifyPack(object, { ...access, dataKey: randomBytes(32) })).toThrow(
      expect.objectContaining({ code: 'key_wrong' }),
    );
  });

  test('is refused with a flipped bit, before the sink of the damaged slice is told that it is whole', () => {
    const { object } = build([randomBytes(1000), randomBytes(frameBytes), randomBytes(1000)]);
    for (let at = 0; at < object.length; at += 9973) {
      const bent = Buffer.from(object);
      bent.writeUInt8(bent.readUInt8(at) ^ 0x10, at);
      expect(() => verifyPack(bent, access)).toThrow(expect.objectContaining({ name: 'HoldfastError' }));
    }
    const last = Buffer.from(object);
    last.writeUInt8(last.readUInt8(headerBytes + frameBytes + 20 + 500) ^ 1, headerBytes + frameBytes + 20 + 500);
    const whole: number[] = [];
    expect(() =>
      readSlices(openWhole(last, access), (_, number) => ({
        write: () => undefined,
        finish: () => void whole.push(number),
      })),
    ).toThrow(expect.objectContaining({ code: 'checksum_mismatch' }));
    expect(whole).toEqual([0]);
  });

  test.each(['sha256', 'crc32c'] as const)('is held by %s against what was read of each slice', (compare) => {
    const reading = openWhole(build([text(5000), text(100)]).object, access);
    const place = () =>
      readSlices({ ...reading, compare }, () => ({ write: () => undefined, finish: () => undefined }));
    place();
    const [slice] = reading.index.slices as [StoredSlice];
    Object.assign(slice, compare === 'crc32c' ? { crc32c: slice.crc32c ^ 1 } : { sha256: '0'.repeat(64) });
    expect(place).toThrow(expect.objectContaining({ code: 'checksum_mismatch' }));
  });

  test('has a content MAC that is equal for equal contents only, and tells nothing without the key', () => {
    const contents = [text(100_000), randomBytes(100)];
    const [one, same, other] = [build(contents), build(contents), build([text(100_001), randomBytes(99)])];
    expect(one.built.contentMac).toBe(same.built.contentMac);
    expect(one.built.sha256).not.toBe(same.built.sha256);
    expect(one.built.contentMac).not.toBe(other.built.contentMac);
    expect(macOf(one.built.slices, randomBytes(32))).not.toBe(one.built.contentMac);
  });
});
