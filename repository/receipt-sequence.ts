/**
 * Where the chain of receipts ends. Guaranteed: no receipt that is there is overlooked, whichever others are gone. A chain of a million, as many sites make
 * in a month, costs some twenty requests and not a thousand lists.
 */
import type { RepositoryCopy } from './copy';
import { receiptKey, receiptsPrefix } from './names';

/** As many as a service tells at once. */
const page = 1000;

/** 0: there is none. */
export async function lastSequence(copy: RepositoryCopy): Promise<number> {
  for (let after = 0; ; ) {
    let last = after;
    let seen = 0;
    for await (const { key } of copy.store.list(receiptsPrefix, after === 0 ? {} : { after: receiptKey(after) })) {
      last = sequenceOf(key);
      if (++seen === page) break;
    }
    if (seen < page) return last;
    after = await leap(copy, last);
  }
}

/** Ever further as long as there is something, then nearer; what lies behind that is listed. */
async function leap(copy: RepositoryCopy, from: number): Promise<number> {
  const isThere = async (sequence: number) => (await copy.store.head(receiptKey(sequence))) !== undefined;
  let reached = from;
  let stride = page;
  for (; await isThere(reached + stride); stride *= 2) reached += stride;
  for (stride /= 2; stride >= page; stride /= 2) if (await isThere(reached + stride)) reached += stride;
  return reached;
}

export function sequenceOf(key: string): number {
  return Number(key.slice(receiptsPrefix.length, -'.json'.length));
}
