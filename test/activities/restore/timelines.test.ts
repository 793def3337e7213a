/** Which timelines are tried for a target, and in which order; the archive is a real one in a folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { waysOf } from '../../../activities/restore/timelines';
import type { PostgresFacts } from '../../../domain/backup';
import { DirStore } from '../../../repository/stores/dir';
import { WalArchive } from '../../../repository/wal/archive';
import { testObjects } from '../../repository/wal/test-objects';

const marker = { systemIdentifier: '7000000000000000001', major: 15, segmentSize: 16 << 20 };
const owner = { system: 'shop', site: 'dc01', component: 'database' };
const backup = { timeline: 1, stopLsn: '0/100' } as PostgresFacts;

let dir: string;
let archive: WalArchive;

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-ways-'));
  const store = new DirStore('hot', dir);
  archive = await WalArchive.begin(testObjects(store), store, marker, owner);
  await archive.putSegment(1, 0n, Buffer.alloc(marker.segmentSize));
  for (const timeline of [2, 3]) await archive.putHistory(timeline, Buffer.from('1\t0/200\tno recovery target\n'));
  // A server that went from 1 to 2, whose restore in place to 3 was put back just now.
  await archive.writeCoverage(1, { lsn: 0x400n, serverTime: 1000n, since: 100n });
  await archive.writeCoverage(2, { lsn: 0x500n, serverTime: 3000n, since: 1100n });
  await archive.writeCoverage(3, { lsn: 0x300n, serverTime: 3100n, since: 2900n });
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

async function order(wanted?: string, at?: bigint, facts = backup): Promise<number[]> {
  return (await waysOf(archive, facts, wanted, at)).map(({ timeline }) => timeline);
}

test('the one that was marked last is the present one', async () => {
  expect(await order()).toEqual([3, 2, 1]);
});

test('timelines that had not begun at a time come last', async () => {
  expect(await order(undefined, 2950n)).toEqual([3, 2, 1]);
  expect(await order(undefined, 2000n)).toEqual([2, 1, 3]);
  expect(await order(undefined, 900n)).toEqual([1, 3, 2]);
});

test('a mark that does not tell when its timeline began rules nothing out', async () => {
  await archive.writeCoverage(3, { lsn: 0x300n, serverTime: 3100n });
  expect(await order(undefined, 2000n)).toEqual([3, 2, 1]);
});

test('a timeline that was asked for is the only one, also for a time before it', async () => {
  expect(await order('3', 900n)).toEqual([3]);
  await expect(order('9')).rejects.toMatchObject({ code: 'timeline_unreachable' });
});

test('"latest" begins with the highest number', async () => {
  await archive.writeCoverage(2, { lsn: 0x500n, serverTime: 9000n, since: 1100n });
  expect(await order('latest', 900n)).toEqual([3, 2, 1]);
  expect(await order()).toEqual([2, 3, 1]);
});

test('a backup that ended behind a fork does not lie on what began there', async () => {
  expect(await order(undefined, undefined, { ...backup, stopLsn: '0/250' })).toEqual([1]);
});
