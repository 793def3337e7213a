import { crc32c } from '@node-rs/crc32';
import { combineCrc32c } from '../../domain/crc32c';

const bytes = Buffer.from(Array.from({ length: 10_000 }, (_, at) => (at * 31 + (at >> 3)) & 0xff));

test.each([0, 1, 7, 8192, 9999, 10_000])('the CRC of two parts cut at %d is the CRC of the whole', (cut) => {
  const [a, b] = [bytes.subarray(0, cut), bytes.subarray(cut)];
  expect(combineCrc32c(crc32c(a), crc32c(b), b.length)).toBe(crc32c(bytes));
});

test('lengths beyond 32 bits combine in any grouping', () => {
  const gib = 1024 ** 3;
  let zeros = crc32c(Buffer.alloc(1024));
  for (let length = 1024; length < gib; length *= 2) zeros = combineCrc32c(zeros, zeros, length);
  const [two, three] = [combineCrc32c(zeros, zeros, gib), combineCrc32c(combineCrc32c(zeros, zeros, gib), zeros, gib)];
  expect(combineCrc32c(two, three, 3 * gib)).toBe(combineCrc32c(three, two, 2 * gib));
  expect(combineCrc32c(zeros, combineCrc32c(two, two, 2 * gib), 4 * gib)).toBe(combineCrc32c(two, three, 3 * gib));
});
