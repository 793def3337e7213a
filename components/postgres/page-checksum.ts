/**
 * Checksums of data pages (PostgreSQL: `src/include/storage/checksum_impl.h`: 32 parallel FNV-1a sums over the page's words,
 * folded, mixed with the block number), on little-endian machines.
 *
 * Guaranteed: a page that PostgreSQL would refuse and that this backup's WAL will not rewrite is reported.
 * Not guaranteed: anything about pages with an LSN at or after the backup's start: those may be torn by a write in progress, and
 * replay writes them again as full pages.
 */
import { type Lsn, parseLsn } from '../../domain/lsn';

const prime = 16777619;
const lanes = 32;
const start = Int32Array.of(
  ...[0x5b1f36e9, 0xb8525960, 0x02ab50aa, 0x1de66d2a, 0x79ff467a, 0x9bb9f8a3, 0x217e7cd2, 0x83e13d2c],
  ...[0xf8d4474f, 0xe39eb970, 0x42c6ae16, 0x993216fa, 0x7b093b5d, 0x98daff3c, 0xf718902a, 0x0b1c9cdb],
  ...[0xe58f764b, 0x187636bc, 0x5d7b3bb1, 0xe73de7de, 0x92bec979, 0xcca6c0b2, 0x304a0979, 0x85aa43d4],
  ...[0x783125bb, 0x6ca8eaa2, 0xe407eac6, 0x4b5cfc3e, 0x9fbf8c76, 0x15ca20be, 0xf2ca9fd3, 0x959bd756],
);
/** Index of the word whose lower half is `pd_checksum`. */
const checksumWord = 2;

/**
 * Block numbers (within the relation) of pages whose checksum is wrong, among the whole pages in `buffer[0, length)`.
 * All-zero pages and pages changed at or after `startLsn` are not judged; neither is a torn page at the very end.
 * A caller reads a bad page again before it believes it: it may have been written at that moment.
 */
export function checkPages(
  buffer: Uint8Array,
  length: number,
  firstBlock: number,
  pageSize: number,
  startLsn: Lsn | string,
): number[] {
  const limit = typeof startLsn === 'string' ? parseLsn(startLsn) : startLsn;
  const [limitHigh, limitLow] = [Number(limit >> 32n), Number(limit & 0xffffffffn)];
  const perPage = pageSize / 4;
  const words = aligned(buffer, Math.floor(length / pageSize) * pageSize);
  const bad: number[] = [];
  for (let page = 0, at = 0; at < words.length; page++, at += perPage) {
    const high = (words[at] as number) >>> 0;
    const fresh = high > limitHigh || (high === limitHigh && (words[at + 1] as number) >>> 0 >= limitLow);
    if (fresh) continue;
    const block = firstBlock + page;
    const stored = (words[at + checksumWord] as number) & 0xffff;
    if (pageChecksum(words, at, perPage, block) !== stored && !isZero(words, at, perPage)) bad.push(block);
  }
  return bad;
}

function aligned(buffer: Uint8Array, bytes: number): Int32Array {
  if (buffer.byteOffset % 4 === 0) return new Int32Array(buffer.buffer, buffer.byteOffset, bytes / 4);
  return new Int32Array(new Uint8Array(buffer.subarray(0, bytes)).buffer);
}

function isZero(words: Int32Array, at: number, count: number): boolean {
  for (let word = at; word < at + count; word++) if (words[word] !== 0) return false;
  return true;
}

function pageChecksum(words: Int32Array, at: number, count: number, block: number): number {
  // The stored checksum counts as zero in its own sum.
  const kept = words[at + checksumWord] as number;
  words[at + checksumWord] = kept & ~0xffff;
  const end = at + count;
  let folded = 0;
  // Four lanes at a time keep the multiplier busy and stay in registers.
  for (let lane = 0; lane < lanes; lane += 4) {
    let a = start[lane] as number;
    let b = start[lane + 1] as number;
    let c = start[lane + 2] as number;
    let d = start[lane + 3] as number;
    for (let word = at + lane; word < end; word += lanes) {
      a ^= words[word] as number;
      b ^= words[word + 1] as number;
      c ^= words[word + 2] as number;
      d ^= words[word + 3] as number;
      a = Math.imul(a, prime) ^ (a >>> 17);
      b = Math.imul(b, prime) ^ (b >>> 17);
      c = Math.imul(c, prime) ^ (c >>> 17);
      d = Math.imul(d, prime) ^ (d >>> 17);
    }
    folded ^= rounds(a) ^ rounds(b) ^ rounds(c) ^ rounds(d);
  }
  words[at + checksumWord] = kept;
  return (((folded ^ block) >>> 0) % 65535) + 1;
}

/** Two more rounds, over zeros. */
function rounds(sum: number): number {
  const once = Math.imul(sum, prime) ^ (sum >>> 17);
  return Math.imul(once, prime) ^ (once >>> 17);
}
