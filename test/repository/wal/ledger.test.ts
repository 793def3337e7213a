import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { DirStore } from '../../../repository/stores/dir';
import { announcedTimelines, announceTimeline } from '../../../repository/wal/announced';
import {
  acknowledge,
  type LedgerPlace,
  readAcknowledged,
  readLedger,
  type WalLedger,
  writeLedger,
} from '../../../repository/wal/ledger';
import { testObjects } from './test-objects';

let dir: string;
let place: LedgerPlace;

beforeEach(() => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-ledger-'));
  const store = new DirStore('hot', dir);
  place = { store, objects: testObjects(store), systemIdentifier: '7000000000000000001' };
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const ledger: WalLedger = {
  format: 1,
  checkedAt: '2026-01-01T00:00:00.000Z',
  server: { timeline: 2, lsn: 0x1_0000_0028n, at: '2026-01-01T00:00:00.000Z' },
  stored: { timeline: 2, lsn: 0x1_0000_0000n },
  timelines: [{ timeline: 1, held: [{ from: 0n, to: 0xffff_ffff_ffffn }] }],
  quarantines: ['wal/1/quarantine/x/'],
  findings: [
    {
      ...{ fault: 'missing', state: 'lost', timeline: 1, foundAt: 'a', since: 'b', note: 'n' },
      stretch: { from: 1n, to: 2n },
    },
  ],
  reading: { began: 'c', timeline: 1, segment: '12345678901234567890', done: 4 },
  asked: { at: 'd', timeline: 1, stretch: { from: 1n, to: 2n } },
};

test('a ledger comes back as it was written, one for each component', async () => {
  expect(await readLedger(place, 'a')).toBeUndefined();
  await writeLedger(place, 'a', ledger);
  await writeLedger(place, 'a', { ...ledger, checkedAt: 'later' });
  expect(await readLedger(place, 'a')).toEqual({ ...ledger, checkedAt: 'later' });
  expect(await readLedger(place, 'b')).toBeUndefined();
});

test('an altered ledger is no ledger', async () => {
  await writeLedger(place, 'a', ledger);
  const key = 'wal/7000000000000000001/ledger/a';
  const body = await place.store.get(key);
  body.writeUInt8(body.readUInt8(30) ^ 1, 30);
  await place.store.put(key, body);
  await expect(readLedger(place, 'a')).rejects.toMatchObject({ code: 'checksum_mismatch' });
});

test('the first to acknowledge a gap is who acknowledged it', async () => {
  const gap = { timeline: 1, stretch: { from: 0x3000000n, to: 0x5000000n } };
  await acknowledge(place, { ...gap, by: 'one', at: 'a' });
  await acknowledge(place, { ...gap, by: 'two', at: 'b' });
  await acknowledge(place, { ...gap, timeline: 2, by: 'three', at: 'c' });
  expect(await readAcknowledged(place)).toEqual([
    { ...gap, by: 'one', at: 'a' },
    { ...gap, timeline: 2, by: 'three', at: 'c' },
  ]);
});

test('a timeline is announced by whoever is on it', async () => {
  await announceTimeline(place, 'a', 1);
  await announceTimeline(place, 'b', 1);
  await announceTimeline(place, 'b', 0x1f);
  expect(await announcedTimelines(place)).toEqual(new Set([1, 0x1f]));
});
