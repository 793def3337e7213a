import { writeReceipt } from '../../../activities/receipts/write';
import { HoldfastError } from '../../../domain/errors';
import { recentReceipts } from '../../../repository/receipts';
import type { Store, StoredObject } from '../../../repository/store';
import { StoreAround } from '../../../repository/stores/around';
import { closeSites, inRun, siteWith } from '../site';

afterAll(closeSites);

/** Lists no receipts for so many times. */
class Troubled extends StoreAround {
  constructor(
    inner: Store,
    private readonly trouble: { times: number; asked: number },
  ) {
    super(inner);
  }

  override list(prefix: string, options?: Parameters<Store['list']>[1]): AsyncIterable<StoredObject> {
    if (prefix === 'receipts/' && this.trouble.asked++ < this.trouble.times)
      throw new HoldfastError('store_unavailable', 'the store answered SlowDown');
    return super.list(prefix, options);
  }
}

function order(error?: { code: string; message: string }) {
  const at = '2026-01-01T00:00:00.000Z';
  const status = error === undefined ? ('completed' as const) : ('failed' as const);
  const ids = { workflowId: 'backup/shop/dc01', runId: 'one' };
  const details = { procedure: 'backup', ...ids, status, startedAt: at, endedAt: at, steps: [], warnings: [], error };
  return { site: 'dc01', details };
}

async function left(times: number, error?: { code: string; message: string }): Promise<[string[], number]> {
  const trouble = { times, asked: 0 };
  const site = siteWith(['hot', 'far'], (store) => (store.name === 'hot' ? new Troubled(store, trouble) : store));
  await inRun(() => writeReceipt(site, order(error)));
  const { asked } = trouble;
  trouble.times = 0;
  const { copies } = await site.repository();
  const having: string[] = [];
  for (const copy of copies) if ((await recentReceipts(copy, 1)).length > 0) having.push(copy.store.name);
  return [having, asked];
}

test('a passing trouble of one store leaves no hole in its chain of receipts, though another one has the receipt', async () => {
  expect((await left(1))[0]).toEqual(['hot', 'far']);
});

test('one that lasts keeps nobody from the receipt in the other stores', async () => {
  expect((await left(9))[0]).toEqual(['far']);
});

test('nobody is kept waiting for it where the store was the trouble', async () => {
  expect(await left(9, { code: 'store_unavailable', message: 'away' })).toEqual([['far'], 1]);
});
