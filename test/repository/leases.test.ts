import { utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RepositoryCopy } from '../../repository/copy';
import {
  announceRemoval,
  isBeingRemoved,
  releaseLease,
  removalDone,
  renewLeases,
  standingLeases,
  takeLease,
} from '../../repository/leases';
import { filesBelow, folder, open, removeAll } from './made';

const hour = 3_600_000;
const id = 'shop_full_20260101_000000';
const restore = { backupId: id, kind: 'restore', holder: 'restore/shop/dc01', ms: hour } as const;

let root: string;
let copy: RepositoryCopy;

beforeEach(async () => {
  root = await folder();
  copy = (await open({ roots: [root], keySource: { kind: 'none' } })).copy();
});
afterAll(removeAll);

test('what is leased is not removed, until it is given back', async () => {
  await takeLease(copy, restore);
  expect(await announceRemoval(copy, id, 'sweep')).toMatchObject([{ kind: 'restore', holder: restore.holder }]);
  expect(await isBeingRemoved(copy, id)).toBe(false);
  await releaseLease(copy, id, restore.holder);
  expect(await announceRemoval(copy, id, 'sweep')).toEqual([]);
});

test('what is being removed is not leased, even by another sweep than the one that gave way', async () => {
  expect(await announceRemoval(copy, id, 'one')).toEqual([]);
  await expect(takeLease(copy, restore)).rejects.toMatchObject({ code: 'backup_unusable' });
  expect(await standingLeases(copy)).toEqual([]);
  expect(await announceRemoval(copy, id, 'two')).toEqual([]);
  await removalDone(copy, id);
  expect(await isBeingRemoved(copy, id)).toBe(false);
});

test('of a reader and a remover who meet at once at most one goes on', async () => {
  for (let round = 0; round < 40; round++) {
    const backupId = `${id}_${round}`;
    const [leased, leases] = await Promise.all([
      takeLease(copy, { ...restore, backupId }).then(
        () => true,
        () => false,
      ),
      announceRemoval(copy, backupId, 'sweep'),
    ]);
    expect(leased && leases.length === 0).toBe(false);
  }
});

test('a lease ends by the store’s clock, and can be renewed before', async () => {
  await takeLease(copy, { ...restore, ms: -1 });
  expect(await standingLeases(copy, id)).toEqual([]);
  await takeLease(copy, restore);
  await takeLease(copy, { ...restore, ms: 2 * hour });
  const [lease, ...others] = await standingLeases(copy, id);
  expect(others).toEqual([]);
  expect(Date.parse(lease?.until ?? '')).toBeGreaterThan(Date.now() + 1.5 * hour);
});

test('a lease that stands is renewed though a removal meets it, and one that has ended is not', async () => {
  await takeLease(copy, { ...restore, ms: 3 * hour });
  await copy.store.put(`removals/${id}/${'0'.repeat(32)}`, Buffer.from('{}'));
  expect(await renewLeases(copy, restore.holder, 5 * hour)).toBe(1);
  const [lease] = await standingLeases(copy, id);
  expect(Date.parse(lease?.until ?? '')).toBeGreaterThan(Date.now() + 4 * hour);
  await removalDone(copy, id);
  await takeLease(copy, { ...restore, ms: -1 });
  await announceRemoval(copy, id, 'sweep');
  await expect(renewLeases(copy, restore.holder, hour)).rejects.toMatchObject({ code: 'backup_unusable' });
});

test('a lease that cannot be read stands', async () => {
  await takeLease(copy, restore);
  const [file] = (await filesBelow(path.join(root, 'leases', id))).map((one) =>
    path.join(root, 'leases', id, one.path),
  );
  writeFileSync(file as string, 'cut off');
  utimesSync(file as string, new Date(0), new Date(0));
  expect(await standingLeases(copy)).toMatchObject([{ backupId: id, kind: 'unknown' }]);
  expect(await announceRemoval(copy, id, 'sweep')).toHaveLength(1);
});
