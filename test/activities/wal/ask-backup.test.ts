/** When lost WAL asks for a new base backup; the catalog is a real one in a folder. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SiteContext } from '../../../activities/context';
import { lostForGood, wantsBackup } from '../../../activities/wal/ask-backup';
import type { Checked } from '../../../components/postgres/wal/ledger/keep';
import type { BackupHead, PostgresFacts, SealedManifest } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import { formatLsn } from '../../../domain/lsn';
import type { WalFinding } from '../../../domain/wal-ledger';
import { createDataKey } from '../../../repository/data-key';
import { putHead } from '../../../repository/heads';
import { putSealedManifest } from '../../../repository/sealed-manifest';
import { WalArchive } from '../../../repository/wal/archive';
import { walObjects } from '../../../repository/wal/bind';
import { acknowledge, type WalLedger } from '../../../repository/wal/ledger';

const lost = { timeline: 1, stretch: { from: 0x3000000n, to: 0x5000000n } };
const found = '2026-01-02T00:00:00.000Z';

let dir: string;
let context: SiteContext;
let archive: WalArchive;

beforeEach(async () => {
  dir = mkdtempSync(path.join(tmpdir(), 'hf-ask-'));
  const database = `{ kind: postgres, connection: "host=/nowhere", dataDir: ${dir}/pg }`;
  const text = `system: shop\nsites: { dc01: { components: { database: ${database} } } }\nstores: { hot: { kind: dir, path: ${dir}/store } }\n`;
  const loaded = parseConfig(text, path.join(dir, 'holdfast.yaml'), {});
  context = new SiteContext({ loaded, site: 'dc01', processQueue: 'none' });
  const repository = await context.repository({ create: true });
  const objects = walObjects(repository);
  const marker = { systemIdentifier: '7000000000000000001', major: 15, segmentSize: 16 << 20 };
  archive = await WalArchive.begin(objects, repository.copy().store, marker);
});
afterEach(async () => {
  await context.close();
  rmSync(dir, { recursive: true, force: true });
});

async function backup(day: number, more: { start?: bigint; status?: BackupHead['status'] } = {}): Promise<void> {
  const copy = (await context.repository()).copy();
  const { start = 0x1000000n, status = 'completed' } = more;
  const startedAt = `2026-01-0${day}T01:00:00.000Z`;
  const id = `shop_full_2026010${day}_010000`;
  const summary = { kind: 'postgres' as const, runs: 0, packs: 0, files: 0, bytes: 1, storedBytes: 1, warnings: [] };
  const facts: Partial<PostgresFacts> = { timeline: 1, startLsn: formatLsn(start), stopLsn: formatLsn(start) };
  await createDataKey(copy, id);
  const about = { system: 'shop', site: 'dc01', type: 'full' as const, startedAt };
  const sealed = await putSealedManifest(copy, {
    ...{ format: 1, backupId: id, ...about, endedAt: startedAt },
    components: { database: { kind: 'postgres', indexes: [], summary, postgres: { ...wholeFacts, ...facts } } },
  } as SealedManifest);
  await putHead(copy, {
    ...{ id, ...about, status, components: { database: summary }, bytes: 1, storedBytes: 1 },
    ...{ manifestSha256: sealed.sha256, stores: ['hot'], location: dir },
  });
}

const wholeFacts: PostgresFacts = {
  ...{ systemIdentifier: '7000000000000000001', versionNum: 150018, timeline: 1, startLsn: '0/1', stopLsn: '0/1' },
  ...{ startTime: found, stopTime: found, segmentSize: 16 << 20, pageSize: 8192, relationSegmentBlocks: 131072 },
  ...{ dataChecksums: true, backupLabel: '', tablespaceMap: '', tablespaces: [], dataDir: '/pg' },
  ...{ owner: { user: 'postgres', uid: 1, gid: 1 }, configFiles: [], settings: {} },
};

function checked(finding: Partial<WalFinding> = {}, asked?: WalLedger['asked'], at = found): Checked {
  const findings: WalFinding[] = [
    { fault: 'missing', state: 'lost', foundAt: found, since: found, ...lost, ...finding },
  ];
  const reading = { began: found, timeline: 0, segment: '0', done: 0 };
  const ledger: WalLedger = { format: 1, checkedAt: at, timelines: [], quarantines: [], findings, reading, asked };
  const path = [
    { timeline: 1, from: 0n, to: 0x6000000n },
    { timeline: 2, from: 0x6000000n },
  ];
  return { ledgers: [{ archive, ledger }], server: { timeline: 2, path, flushed: 0x9000000n }, troubles: [] };
}

const wants = (one: Checked) => wantsBackup(context, 'database', one, lost);

test('a gap behind the last backup asks for one', async () => {
  await backup(1);
  expect(await wants(checked())).toMatchObject({
    workflowId: 'backup/shop/dc01',
    request: { site: 'dc01', type: 'full', components: ['database'], upload: true },
    reason: expect.stringContaining('0/3000000 to 0/5000000'),
  });
});

test('where there never was a backup, none is made by itself', async () => {
  expect(await wants(checked())).toBeUndefined();
  await backup(1, { status: 'failed' });
  expect(await wants(checked())).toBeUndefined();
});

test('a backup that began behind the gap is what was wished for', async () => {
  await backup(1);
  await backup(2, { start: 0x5000028n });
  expect(await wants(checked())).toBeUndefined();
});

test('it is asked once: not again when a backup came of it, however that ended', async () => {
  await backup(1);
  const asked = { at: '2026-01-02T00:00:00.000Z', ...lost };
  await backup(2, { status: 'failed' });
  expect(await wants(checked({}, asked, '2026-01-03T00:00:00.000Z'))).toBeUndefined();
});

test('a wish that came to nothing is uttered again, but not at once', async () => {
  await backup(1);
  const asked = { at: '2026-01-02T00:00:00.000Z', ...lost };
  expect(await wants(checked({}, asked, '2026-01-02T00:09:00.000Z'))).toBeUndefined();
  expect(await wants(checked({}, asked, '2026-01-02T00:11:00.000Z'))).toBeDefined();
});

test('another gap asks again', async () => {
  await backup(1);
  const earlier = { timeline: 1, stretch: { from: 0x2000000n, to: 0x2500000n } };
  expect(await wants(checked({}, { at: found, ...earlier }))).toBeDefined();
});

test('only what is lost on the server’s own way counts, and what nobody has acknowledged', async () => {
  expect(await lostForGood(checked())).toEqual(lost);
  expect(await lostForGood(checked({ state: 'open' }))).toBeUndefined();
  expect(await lostForGood(checked({ timeline: 7 }))).toBeUndefined();
  expect(await lostForGood(checked({ stretch: { from: 0x7000000n, to: 0x8000000n } }))).toBeUndefined();
  await acknowledge(archive.ledgerPlace, { ...lost, by: 'ops@host', at: found });
  expect(await lostForGood(checked())).toBeUndefined();
});
