import { crc32c } from '@node-rs/crc32';
import { combineCrc32c, crc32cOfZeros } from '../../domain/crc32c';

const bytes = Buffer.from(Array.from({ length: 10_000 }, (_, at) => (at * 31 + (at >> 3)) & 0xff));

test.each([0, 1, 7, 8192, 9999, 10_000])('the CRC of two parts cut at %d is the CRC of the whole', (cut) => {
  const [a, b] = [bytes.subarray(0, cut), bytes.subarray(cut)];
  expect(combineCrc32c(crc32c(a), crc32c(b), b.length)).toBe(crc32c(bytes));
});

test.each([0, 1, 3, 4096, 100_001])('the CRC of %d zeros needs no zeros', (length) => {
  expect(crc32cOfZeros(length)).toBe(crc32c(Buffer.alloc(length)));
});

test('lengths beyond 32 bits of bits combine like their parts', () => {
  const gib = 1024 ** 3;
  const twice = combineCrc32c(crc32cOfZeros(3 * gib), crc32cOfZeros(2 * gib), 2 * gib);
  expect(twice).toBe(crc32cOfZeros(5 * gib));
});
