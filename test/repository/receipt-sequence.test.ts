import type { RepositoryCopy } from '../../repository/copy';
import { receiptKey } from '../../repository/names';
import { lastSequence } from '../../repository/receipt-sequence';
import { CountedStore } from './catalog/counted-store';

async function chainOf(count: number, gone: number[] = []) {
  const store = new CountedStore();
  for (let sequence = 1; sequence <= count; sequence++) {
    if (!gone.includes(sequence)) await store.put(receiptKey(sequence), Buffer.from('{}'));
  }
  store.reset();
  return { store, copy: { store } as unknown as RepositoryCopy };
}

test.each([0, 1, 999, 1000, 1001, 2000, 2001, 7321])('the end of a chain of %i is found', async (count) => {
  const { copy } = await chainOf(count);
  expect(await lastSequence(copy)).toBe(count);
});

test('a long chain is not listed from its beginning', async () => {
  const { store, copy } = await chainOf(60_000);
  expect(await lastSequence(copy)).toBe(60_000);
  expect(store.asked.list).toBeLessThanOrEqual(3);
  expect(store.asked.head).toBeLessThanOrEqual(12);
});

test('where somebody took receipts away, those behind them are found all the same', async () => {
  const strides = [2000, 4000, 3000];
  const { copy } = await chainOf(4321, strides);
  expect(await lastSequence(copy)).toBe(4321);
});
