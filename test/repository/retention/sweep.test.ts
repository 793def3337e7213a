/** A sweeper that was stopped, and comes back when the world has changed: what it had looked at counts no more. */
import type { Decision } from '../../../domain/retention/types';
import type { RepositoryCopy } from '../../../repository/copy';
import { getHead, putHead } from '../../../repository/heads';
import { announceRemoval, assertAnnounced, isBeingRemoved, removalDone, takeLease } from '../../../repository/leases';
import { backupFolder, backupKeys } from '../../../repository/names';
import { takeBackRemovals } from '../../../repository/retention/stages';
import { type Swept, sweepBackups } from '../../../repository/retention/sweep';
import { folder, makeBackup, open, removeAll } from '../made';
import { stalling } from './stalling';

const id = 'shop_full_20260101_000000';
const other = 'shop_full_20260102_000000';

let copy: RepositoryCopy;

beforeEach(async () => {
  copy = (await open({ roots: [await folder()], keySource: { kind: 'none' } })).copy();
  for (const one of [id, other]) {
    const head = await makeBackup(copy, one);
    await putHead(copy, { ...head, status: 'expired', expiredAt: '2026-01-03T00:00:00Z' });
  }
});
afterAll(removeAll);

async function keys(prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of copy.store.list(prefix)) found.push(key);
  return found;
}

const removing = async (ids: string[]): Promise<Decision[]> =>
  ids.map((backupId) => ({ backupId, action: 'remove', reasons: [{ kind: 'cooled off' }] }));

/** Is stopped once it has decided, before the nth request that follows. */
async function sweepStopped(meanwhile: () => Promise<void>, { at = 1, ids = [id, other] } = {}): Promise<Swept> {
  const stall = stalling(copy, at, meanwhile);
  const decide = async () => {
    stall.begin();
    return removing(ids);
  };
  return await sweepBackups(stall.copy, 'one', { planned: new Set(ids), decide });
}

const staying = { store: 's0', known: [], decisions: [{ backupId: id, action: 'keep' as const, reasons: [] }] };
const lease = { backupId: id, kind: 'restore', holder: 'restore/shop', ms: 60_000 } as const;

test('what was taken back while it slept, and is being restored, it does not touch', async () => {
  const before = await keys(backupFolder(id));
  const swept = await sweepStopped(async () => {
    await takeBackRemovals(copy, staying);
    await takeLease(copy, lease);
  });
  expect(swept).toEqual({
    ...{ removed: [other], gone: [] },
    left: [{ backupId: id, reason: expect.stringContaining('was taken back') }],
  });
  expect(await keys(backupFolder(id))).toEqual(before);
  expect((await getHead(copy, id)).status).toBe('expired');
});

test('what another sweeper removed meanwhile, and what was copied here again since, it leaves', async () => {
  const swept = await sweepStopped(async () => {
    const decide = async () => removing([id]);
    expect((await sweepBackups(copy, 'two', { planned: new Set([id]), decide })).removed).toEqual([id]);
    await makeBackup(copy, id);
  });
  expect(swept.removed).toEqual([other]);
  expect((await getHead(copy, id)).status).toBe('completed');
  expect(await copy.store.head(backupKeys.sealed(id))).toBeDefined();
});

test('what another sweeper removed to the end is nothing that it left', async () => {
  const swept = await sweepStopped(async () => {
    await sweepBackups(copy, 'two', { planned: new Set([id]), decide: async () => removing([id]) });
  });
  expect(swept).toEqual({ removed: [other], gone: [id], left: [] });
  expect([await keys('removals/'), await keys(backupFolder(id))]).toEqual([[], []]);
});

/** A removal looks at its announcement, removes what seals the backup, lists the rest (3), looks again (4), and removes it. */
test.each([3, 4])('stopped in the middle, before request %i, it does not go on with what came anew', async (at) => {
  let came: string[] = [];
  const meanwhile = async () => {
    await sweepBackups(copy, 'two', { planned: new Set([id]), decide: async () => removing([id]) });
    await makeBackup(copy, id);
    came = await keys(backupFolder(id));
  };
  await sweepStopped(meanwhile, { at, ids: [id] });
  expect(came).toContain(backupKeys.sealed(id));
  expect(await keys(backupFolder(id))).toEqual(came);
});

test('who takes back too late what is going already says that it is going', async () => {
  await announceRemoval(copy, id, 'one');
  const stall = stalling(copy, 2, () => copy.store.delete([backupKeys.sealed(id)]));
  stall.begin('head', 'delete');
  await takeBackRemovals(stall.copy, staying);
  expect(await isBeingRemoved(copy, id)).toBe(true);
  await expect(takeLease(copy, lease)).rejects.toMatchObject({ code: 'backup_unusable' });
  await removalDone(copy, id);
});

test('an announcement is its own: that of a later attempt is none of an earlier one', async () => {
  await announceRemoval(copy, id, 'run/1/1');
  await removalDone(copy, id);
  await announceRemoval(copy, id, 'run/1/2');
  await expect(assertAnnounced(copy, id, 'run/1/1')).rejects.toMatchObject({ code: 'fenced' });
  await assertAnnounced(copy, id, 'run/1/2');
});
