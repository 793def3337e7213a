import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupHead } from '../../domain/backup';
import { putHead } from '../../repository/heads';
import { Repository } from '../../repository/repository';
import { openStore } from '../../repository/stores/open';
import { runCli, scratch } from './run-cli';

const folder = scratch();
const store = path.join(folder, 'store');
const config = `system: shop
sites:
  dc01: { components: { files: { kind: files, paths: [data] } } }
  dc02: { components: { files: { kind: files, paths: [data] } } }
stores: { local: { kind: dir, path: store } }
tiers: { daily: { keep: { days: 11 } } }
`;

function head(site: string, stamp: string, more: Partial<BackupHead> = {}): BackupHead {
  return {
    id: `shop_${site}_full_${stamp}`,
    system: 'shop',
    site,
    type: 'full',
    status: 'completed',
    startedAt: `2026-01-01T${stamp.slice(9, 11)}:00:00.000Z`,
    seconds: 61,
    components: { files: { kind: 'files', runs: 1, packs: 1, files: 1, bytes: 2048, storedBytes: 1024, warnings: [] } },
    bytes: 2048,
    storedBytes: 1024,
    checksum: 'a'.repeat(64),
    stores: ['local'],
    location: store,
    ...more,
  };
}

beforeAll(async () => {
  mkdirSync(path.join(folder, 'data'));
  writeFileSync(path.join(folder, 'holdfast.yaml'), config);
});

test('before the first backup there is an empty list, and nothing to restore', async () => {
  expect(await runCli(['list', '--json'], folder)).toMatchObject({ code: 0, stdout: '[]\n' });
  expect(await runCli(['points', '--json'], folder)).toMatchObject({ code: 0, stdout: '[]\n' });
  expect((await runCli(['list'], folder)).stdout).toBe('there are no backups\n');
});

test('a directory that is not there may also be one that is not mounted: it is told', async () => {
  const { code, stderr } = await runCli(['list'], folder);
  expect(code).toBe(0);
  expect(stderr).toContain(`there is no directory ${store} yet`);
});

describe('with backups', () => {
  beforeAll(async () => {
    mkdirSync(store);
    const stores = [openStore('local', { kind: 'dir', path: store })];
    const repository = await Repository.open({ stores, keySource: { kind: 'none' }, system: 'shop', create: true });
    await putHead(repository.copy(), head('dc01', '20260101_010000', { tier: 'daily' }));
    await putHead(repository.copy(), head('dc02', '20260101_020000'));
    await putHead(repository.copy(), head('dc01', '20260101_030000', { status: 'failed' }));
    await repository.close();
  });

  test('list is an array of catalog heads, oldest first', async () => {
    const { code, stdout } = await runCli(['list', '--json'], folder);
    expect(code).toBe(0);
    const heads = JSON.parse(stdout) as BackupHead[];
    expect(heads.map(({ id }) => id)).toEqual([
      'shop_dc01_full_20260101_010000',
      'shop_dc02_full_20260101_020000',
      'shop_dc01_full_20260101_030000',
    ]);
    expect(heads[0]).toMatchObject({ status: 'completed', storedBytes: 1024, stores: ['local'] });
  });

  test('list of one site, as a table', async () => {
    const { stdout } = await runCli(['list', '--site', 'dc02'], folder);
    expect(stdout.split('\n')[1]).toMatch(
      /^shop_dc02_full_20260101_020000 +completed +2026-01-01 02:00:00 +1m 1s +2\.0 KiB +1\.0 KiB +local$/,
    );
    expect(stdout).not.toContain('dc01');
  });

  test('list --jsonl gives one line a backup, in the catalog’s form', async () => {
    const { stdout } = await runCli(['list', '--jsonl'], folder);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map((line) => line.retention_days)).toEqual([11, 30, 30]);
    expect(lines[0]).toEqual({
      backup_id: 'shop_dc01_full_20260101_010000',
      type: 'full',
      timestamp: '2026-01-01T01:00:00.000Z',
      path: `${store}/backups/shop_dc01_full_20260101_010000`,
      retention_days: 11,
      duration: 61,
      size: 1024,
      checksum: 'a'.repeat(64),
      status: 'completed',
      location: store,
      site_id: 'dc01',
    });
  });

  test('points of a file tree are the moments of its completed backups', async () => {
    const points = JSON.parse((await runCli(['points', '--json', '--site', 'dc01'], folder)).stdout);
    const rto = { bytes: 2048, walBytes: 0, walSeconds: 0, restsOn: 'the last backup', seconds: 81, dataSeconds: 61 };
    const [rpoSeconds, backupId] = [expect.any(Number), 'shop_dc01_full_20260101_010000'];
    expect(points).toEqual([
      {
        site: 'dc01',
        component: 'files',
        kind: 'files',
        moments: [{ backupId, at: '2026-01-01T01:00:00.000Z' }],
        intervals: [],
        gaps: [],
        ...{ rpoSeconds, rto, copies: [{ store: 'local', backupId, rpoSeconds, rto }], objectives: {} },
      },
    ]);
  });

  test('a damaged entry is told on stderr and hides none of the others', async () => {
    writeFileSync(path.join(store, 'catalog/heads/shop_dc01_full_20260101_010000.json'), '{');
    const { code, stdout, stderr } = await runCli(['list', '--json'], folder);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toHaveLength(2);
    expect(stderr).toMatch(/catalog rebuild/);
  });

  test('catalog rebuild tells what it could not make again', async () => {
    const { code, stdout } = await runCli(['catalog', 'rebuild', '--json'], folder);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ rebuilt: [] });
  });
});
