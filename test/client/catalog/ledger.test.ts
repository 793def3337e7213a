import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { LedgerOfArchive } from '../../../client/catalog/ledger';
import type { WalFinding } from '../../../domain/wal-ledger';
import { DirStore } from '../../../repository/stores/dir';
import { WalArchive } from '../../../repository/wal/archive';
import { acknowledge, type WalLedger, writeLedger } from '../../../repository/wal/ledger';
import { testObjects } from '../../repository/wal/test-objects';

let dir: string;
let archive: WalArchive;

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-known-gaps-'));
  const store = new DirStore('hot', dir);
  const marker = { systemIdentifier: '7000000000000000001', major: 15, segmentSize: 1 << 20 };
  archive = await WalArchive.begin(testObjects(store), store, marker);
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const finding = (from: bigint, to: bigint, more: Partial<WalFinding> = {}): WalFinding => ({
  ...{ fault: 'missing', state: 'lost', timeline: 1, foundAt: 'a', since: 'b', stretch: { from, to } },
  ...more,
});

/** What the last check left, and what follows from it without a look at the WAL. */
async function knownGaps(held: WalLedger['timelines'][number]['held'], findings: WalFinding[]): Promise<string[]> {
  await writeLedger(archive.ledgerPlace, 'owner', {
    ...{ format: 1, checkedAt: '2026-01-01T00:00:00.000Z', quarantines: [], findings },
    timelines: [{ timeline: 1, held }],
    reading: { began: 'c', timeline: 1, segment: '1', done: 0 },
  });
  const ledger = await LedgerOfArchive.read(archive, 'owner');
  return ledger.knownGaps().map((gap) => `${gap.fromLsn}-${gap.toLsn}${gap.acknowledged ? ' known' : ''}`);
}

test('by the last check alone: what was never stored between what was, what is missing, and what was altered', async () => {
  const held = [
    { from: 0x1000n, to: 0x2000n },
    { from: 0x3000n, to: 0x9000n },
  ];
  expect(await knownGaps(held, [])).toEqual(['0/2000-0/3000']);
  const altered = finding(0x8000n, 0x8100n, { fault: 'altered', state: 'open' });
  expect(await knownGaps(held, [finding(0x4000n, 0x5000n), altered])).toEqual([
    '0/2000-0/3000',
    '0/4000-0/5000',
    '0/8000-0/8100',
  ]);
});

test('what was put back is no gap, and what somebody knows of is marked', async () => {
  const held = [{ from: 0x1000n, to: 0x9000n }];
  expect(await knownGaps(held, [finding(0x4000n, 0x5000n, { state: 'healed' })])).toEqual([]);
  await acknowledge(archive.ledgerPlace, {
    ...{ timeline: 1, stretch: { from: 0x4000n, to: 0x5000n } },
    ...{ by: 'somebody', at: '2026-01-01T00:00:00.000Z' },
  });
  expect(await knownGaps(held, [finding(0x4000n, 0x5000n)])).toEqual(['0/4000-0/5000 known']);
});
