import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DirStore } from '../../../repository/stores/dir';
import { WalArchive } from '../../../repository/wal/archive';
import { furthestFirst } from '../../../repository/wal/reach';
import { testObjects } from './test-objects';

const size = 1024 * 1024;
const marker = { systemIdentifier: '7', major: 15, segmentSize: size };
const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** An archive that holds a segment's beginning. */
async function archiveTo(end: number, { timeline = 1, marked = 100n } = {}): Promise<WalArchive> {
  const folder = mkdtempSync(path.join(tmpdir(), 'hf-reach-'));
  folders.push(folder);
  const store = new DirStore(`to-${end}`, folder);
  const archive = await WalArchive.begin(testObjects(store), store, marker);
  await archive.putPart(timeline, BigInt(size), Buffer.alloc(end, 1));
  await archive.writeCoverage(timeline, { lsn: BigInt(size), serverTime: marked });
  return archive;
}

test('a store that was behind comes after the one that is ahead; else the order given stays', async () => {
  const [short, long, also] = await Promise.all([archiveTo(10), archiveTo(30), archiveTo(30)]);
  expect(await furthestFirst([short, long, also])).toEqual([long, also, short]);
  expect(await furthestFirst([also, short, long])).toEqual([also, long, short]);
});

test('what lies behind a hole does not count', async () => {
  const [short, holed] = await Promise.all([archiveTo(20), archiveTo(10)]);
  await holed.putPart(1, BigInt(size + 50), Buffer.alloc(100, 1));
  expect(await furthestFirst([holed, short])).toEqual([short, holed]);
});

test('of two timelines the one that was lived on last counts, however far the other got', async () => {
  const [old, present] = await Promise.all([archiveTo(90), archiveTo(10, { timeline: 2, marked: 200n })]);
  expect(await furthestFirst([old, present])).toEqual([present, old]);
});
