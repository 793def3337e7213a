/** Between the plan and the removal of WAL hours may pass: what is wanted by then stays, in whatever store it is wanted. */
import { parseConfig } from '../../../domain/config/parse';
import type { StorePlan } from '../../../domain/retention/types';
import type { RepositoryCopy } from '../../../repository/copy';
import { getHead, putHead } from '../../../repository/heads';
import { putPin } from '../../../repository/pins';
import { makePlan, type RetentionRun, sweepStage } from '../../../repository/retention/stages';
import { walStage } from '../../../repository/retention/wal-stage';
import { database } from '../../domain/retention/heads';
import { folder, makeBackup, open, removeAll } from '../made';

const [old, last] = ['shop_full_20260101_000000', 'shop_full_20260102_000000'] as const;
const { config } = parseConfig(
  `system: shop
sites: { dc01: { components: { db: { kind: postgres, connection: host=h, dataDir: /d, wal: { to: [s0] } } } } }
stores: { s0: { kind: dir, path: /s0 }, s1: { kind: dir, path: /s1 } }
tiers: { daily: { keep: { last: 1 } } }
retention: { coolOff: 1s }
`,
  '/holdfast.yaml',
);
const run: RetentionRun = {
  ...{ config, site: 'dc01', partial: false, host: Date.now },
  timelinesIn: async () => [],
};

let copies: RepositoryCopy[];
let hot: RepositoryCopy;
let far: RepositoryCopy;

/** Of the same archive, which the first store alone has. */
async function put(copy: RepositoryCopy, id: string, stop: number, expired = false): Promise<void> {
  const head = await makeBackup(copy, id);
  const status = expired ? ({ status: 'expired', expiredAt: '2026-01-03T00:00:00Z' } as const) : {};
  await putHead(copy, { ...head, tier: 'daily', ...database('7', stop), ...status });
}

const begins = (need: StorePlan['wal'][number] | undefined) => need?.windows.map(({ from }) => from).sort();

beforeEach(async () => {
  copies = (await open({ roots: [await folder(), await folder()], keySource: { kind: 'none' } })).copies;
  [hot, far] = copies as [RepositoryCopy, RepositoryCopy];
  for (const copy of copies) {
    await put(copy, old, 0x20, true);
    await put(copy, last, 0x90);
  }
});
afterAll(removeAll);

async function planned(store: string): Promise<StorePlan> {
  return (await makePlan(copies, run)).find((one) => one.store === store) as StorePlan;
}

test('when nothing has changed it is what the plan says', async () => {
  const plan = await planned('s0');
  expect(begins(plan.wal[0])).toEqual(['0/8F']);
  expect(await walStage(copies, plan, run)).toEqual(plan.wal);
});

test.each([0, 1])('what was pinned in store %i since the plan keeps the WAL from its beginning', async (number) => {
  const plans = await makePlan(copies, run);
  const pinned = copies[number] as RepositoryCopy;
  await putPin(pinned, { backupId: old, by: 'me' });
  for (const [at, copy] of copies.entries()) await sweepStage(copy, plans[at] as StorePlan, { ...run, copies }, 'one');
  expect((await getHead(pinned, old)).status).toBe('expired');
  await expect(getHead(copies[1 - number] as RepositoryCopy, old)).rejects.toMatchObject({ code: 'backup_not_found' });
  expect(begins((await walStage(copies, plans[0] as StorePlan, run))[0])).toContain('0/1F');
});

test('so does what was copied here since, or into a store that has its WAL from here', async () => {
  const plan = await planned('s0');
  await put(far, 'shop_full_20251201_000000', 0x10);
  expect(begins((await walStage(copies, plan, run))[0])).toContain('0/F');
  await put(hot, 'shop_full_20251101_000000', 0x8);
  expect(begins((await walStage(copies, plan, run))[0])).toContain('0/7');
});

test('of a system that cannot be told any more nothing goes', async () => {
  const plan = await planned('s0');
  expect(await walStage(copies, plan, { ...run, partial: true })).toEqual([]);
});
