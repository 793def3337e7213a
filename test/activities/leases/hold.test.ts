import { MockActivityEnvironment } from '@temporalio/testing';
import { holdBackup, ifAllowed, releaseLeases, renewLeases, untilHeld } from '../../../activities/leases/hold';
import { holdWal } from '../../../activities/leases/hold-wal';
import { HoldfastError } from '../../../domain/errors';
import type { RepositoryCopy } from '../../../repository/copy';
import { getHead, putHead } from '../../../repository/heads';
import { announceRemoval, removalDone, standingLeases } from '../../../repository/leases';
import { folder, makeBackup, open, removeAll } from '../../repository/made';

const id = 'shop_full_20260101_000000';
const newer = 'shop_incremental_20260102_000000';

let copy: RepositoryCopy;

beforeEach(async () => {
  copy = (await open({ roots: [await folder()], keySource: { kind: 'none' } })).copy();
  const head = await makeBackup(copy, id);
  await putHead(copy, { ...head, id: newer, chain: [id] });
});
afterAll(removeAll);

function inRun<T>(runId: string, work: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment({ workflowExecution: { workflowId: 'restore/shop', runId } }).run(
    work,
  ) as Promise<T>;
}

const held = async () => (await standingLeases(copy)).map(({ backupId }) => backupId).sort();
const hold = () => holdBackup(copy, { id: newer, chain: [id] }, 'restore');

test('a run holds the whole chain, however often it asks, and gives back its own alone', async () => {
  await inRun('one', hold);
  await inRun('one', hold);
  await inRun('two', hold);
  expect(await held()).toEqual([id, id, newer, newer]);
  await inRun('one', () => releaseLeases([copy]));
  expect(await standingLeases(copy)).toMatchObject([{ holder: 'restore/shop/two' }, { holder: 'restore/shop/two' }]);
});

test('when a part of the chain is being removed nothing is held', async () => {
  await announceRemoval(copy, id, 'sweep');
  await expect(inRun('one', hold)).rejects.toMatchObject({ code: 'backup_unusable' });
  expect(await held()).toEqual([]);
});

test('what retention took away between the choice and the lease is not held', async () => {
  await copy.store.delete([`catalog/heads/${id}.json`]);
  await expect(inRun('one', hold)).rejects.toMatchObject({ code: 'backup_unusable' });
  expect(await held()).toEqual([]);
});

test('one that expired is no choice; in a chain it is what it was', async () => {
  await putHead(copy, { ...(await getHead(copy, id)), status: 'expired' });
  await inRun('one', hold);
  await expect(inRun('one', () => holdBackup(copy, { id }, 'restore'))).rejects.toMatchObject({
    code: 'backup_unusable',
  });
});

test('whoever meets a removal chooses again, and gives up after some times', async () => {
  let tried = 0;
  await announceRemoval(copy, id, 'sweep');
  const second = () =>
    untilHeld(async () => {
      if (++tried === 2) await removalDone(copy, id);
      await hold();
      return tried;
    });
  expect(await inRun('one', second)).toBe(2);
  const never = () => untilHeld(() => Promise.reject(new HoldfastError('backup_unusable', 'gone')));
  await expect(inRun('one', never)).rejects.toMatchObject({ code: 'backup_unusable' });
});

test('renewing moves the end of all that a run holds, of WAL with what it is about', async () => {
  await inRun('one', hold);
  await inRun('one', () =>
    holdWal(copy, 'restore', [
      { systemIdentifier: '7', timeline: 2, from: '0/9000000' },
      { systemIdentifier: '7', timeline: 1, from: '0/10000000' },
    ]),
  );
  const before = await standingLeases(copy);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await inRun('one', () => renewLeases({ repository: async () => ({ copies: [copy] }) } as never))).toBe(3);
  const after = await standingLeases(copy);
  expect(after.map(({ until: _, ...rest }) => rest)).toEqual(before.map(({ until: _, ...rest }) => rest));
  expect(after.find(({ backupId }) => backupId === 'wal-7')?.wal).toEqual({ timeline: 1, from: '0/9000000' });
  for (const [at, { until }] of after.entries())
    expect(Date.parse(until)).toBeGreaterThan(Date.parse(before[at]?.until ?? ''));
});

test.each(['store_denied', 'store_full'] as const)('a restore goes on where a lease ends with %s', async (code) => {
  const refuse = () => Promise.reject(new HoldfastError(code, 'no'));
  expect(await ifAllowed(copy, refuse)).toMatchObject([expect.stringContaining('no lease could be taken in s0')]);
  const away = () => Promise.reject(new HoldfastError('store_unavailable', 'away'));
  await expect(ifAllowed(copy, away)).rejects.toMatchObject({ code: 'store_unavailable' });
});
