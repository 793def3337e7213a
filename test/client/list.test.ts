import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupHead } from '../../domain/backup';
import type { ListedBackup } from '../../domain/catalog/filter';
import { writingAs } from '../../repository/catalog/author';
import { putHead, removeHead } from '../../repository/heads';
import { Repository } from '../../repository/repository';
import { openStore } from '../../repository/stores/open';
import { runCli, scratch } from './run-cli';

const folder = scratch();
const at = (name: string) => path.join(folder, name);
const config = `system: shop
sites: { dc01: { components: { files: { kind: files, paths: [data] } } } }
stores: { hot: { kind: dir, path: hot }, far: { kind: dir, path: far } }
tiers: { daily: { keep: { days: 11 } }, hourly: { keep: { last: 2 } } }
`;
const archived = { at: '2026-01-04T00:00:00Z' };
const deep = { archived, storageClass: 'GLACIER' };
const full = 'shop_full_20260101_010000';
const grown = 'shop_incremental_20260102_010000';
const other = 'shop_full_20260103_010000';
const gone = 'shop_full_20251231_010000';

function head(id: string, store: string, more: Partial<BackupHead> = {}): BackupHead {
  const [, day = '', hour = ''] = /_(\d{8})_(\d{2})/.exec(id) ?? [];
  return {
    ...{ id, system: 'shop', site: 'dc01', tier: 'daily', type: 'full', status: 'completed' },
    startedAt: `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}T${hour}:00:00.000Z`,
    seconds: 61,
    components: { files: { kind: 'files', runs: 1, packs: 1, files: 7, bytes: 2048, storedBytes: 1024, warnings: [] } },
    ...{ bytes: 2048, storedBytes: 1024, stores: [store], location: at(store) },
    ...more,
  };
}

beforeAll(async () => {
  for (const name of ['data', 'hot', 'far']) mkdirSync(at(name));
  writeFileSync(at('holdfast.yaml'), config);
  const stores = ['hot', 'far'].map((name) => openStore(name, { kind: 'dir', path: at(name) }));
  const repository = await Repository.open({ stores, keySource: { kind: 'none' }, system: 'shop', create: true });
  const [hot, far] = [repository.copy('hot'), repository.copy('far')];
  await writingAs('backup/shop/dc01', async () => {
    await putHead(hot, head(full, 'hot', { status: 'creating' }));
    await putHead(hot, head(full, 'hot'));
    await putHead(hot, head(other, 'hot', { tier: 'hourly', archived }));
    await putHead(hot, head(grown, 'hot', { type: 'incremental', chain: [full] }));
  });
  const proof = { level: 'full' as const, at: new Date(Date.now() - 2 * 3600_000).toISOString(), seconds: 5 };
  const lock = { mode: 'compliance' as const, until: '2031-01-01T00:00:00Z' };
  await putHead(far, head(full, 'far', { proofs: [{ ...proof, outcome: 'passed' }], lock, ...deep }));
  await putHead(far, head(grown, 'far', { type: 'incremental', chain: [full], status: 'expired' }));
  await writingAs('retention/shop/dc01', async () => {
    await putHead(hot, head(gone, 'hot', { status: 'expired', expiredAt: '2026-01-05T00:00:00Z' }));
    await removeHead(hot, gone, { note: 'kept by no rule' });
  });
  await repository.close();
});

async function lines(...args: string[]): Promise<string[]> {
  const { code, stdout } = await runCli(['list', ...args], folder);
  expect(code).toBe(0);
  return stdout.trimEnd().split('\n');
}

const idsOf = async (...args: string[]) =>
  (JSON.parse((await lines('--json', ...args)).join('')) as BackupHead[]).map(({ id }) => id);

test('shows chains together and each copy with what was shown of it', async () => {
  const [title, first, copy, second, third, last, ...more] = await lines();
  expect(title).toMatch(/^BACKUP +TIER +STATUS +STARTED \(UTC\) +TOOK +SIZE +STORED +COPIES$/);
  expect(first).toMatch(new RegExp(`^${full} +daily +completed +2026-01-01 01:00:00 +1m 1s +2.0 KiB +1.0 KiB +hot$`));
  expect(copy).toMatch(/^ +far: full 2h( \d+s)? ago, archived in GLACIER, locked until 2031-01-01$/);
  expect(second).toMatch(new RegExp(`^└ ${grown} +daily +completed.* hot$`));
  expect(third).toMatch(/^ +far: expired$/);
  expect(last).toMatch(new RegExp(`^${other} +hourly +archived +2026-01-03.* hot: archived$`));
  expect(more).toEqual([]);
});

test('archived is what every copy that is offered says of itself', async () => {
  const told = JSON.parse((await lines('--json')).join('')) as ListedBackup[];
  const said = told.map(({ id, status, archived: all, copies }) => [
    id,
    status,
    all,
    copies.map((one) => one.archived),
  ]);
  expect(said).toEqual([
    [full, 'completed', undefined, [undefined, archived]],
    [grown, 'completed', undefined, [undefined, undefined]],
    [other, 'completed', archived, [archived]],
  ]);
});

test('tells of every copy to programs', async () => {
  const [backup] = JSON.parse((await lines('--json', full)).join(''));
  expect(backup).toMatchObject({
    ...{ id: full, status: 'completed', stores: ['hot', 'far'], location: at('hot') },
    copies: [
      { store: 'hot', location: at('hot'), status: 'completed' },
      {
        store: 'far',
        location: at('far'),
        proofs: [{ level: 'full', outcome: 'passed' }],
        lock: { mode: 'compliance' },
      },
    ],
  });
});

test('picks what is asked for, and refuses a name that there is not', async () => {
  expect(await idsOf('--store', 'far', '--until', '2026-01-01T23:00:00Z')).toEqual([full]);
  const { code, stderr } = await runCli(['list', '--store', 'hott'], folder);
  expect(code).toBe(2);
  expect(stderr).toContain('did you mean "hot"?');
});

test('shows one in full, by the beginning of its id', async () => {
  const shown = (await lines('shop_full_20260101')).join('\n');
  expect(shown).toMatch(new RegExp(`^${full}\n`));
  expect(shown).toMatch(new RegExp(`needed by +${grown}`));
  expect(shown).toMatch(/files +files +7 +2\.0 KiB +1\.0 KiB/);
  const none = await runCli(['list', 'shop_full_20260109_010000'], folder);
  expect(none.code).not.toBe(0);
  expect(none.stderr).toMatch(/did you mean.*\n.*list --history/);
});

test('tells what became of backups, also of one that is gone', async () => {
  const told = JSON.parse((await lines('--history', gone, '--json')).join(''));
  expect(told).toMatchObject([
    { backupId: gone, from: null, to: 'expired', by: 'retention/shop/dc01', store: 'hot', head: { status: 'expired' } },
    { backupId: gone, from: 'expired', to: 'removed', by: 'retention/shop/dc01', note: 'kept by no rule' },
  ]);
  const shown = await lines('--history');
  expect(shown).toHaveLength(1 + 8);
  expect(shown.join('\n')).toMatch(new RegExp(`${full} +hot +creating → completed +backup/shop/dc01`));
});

test('a tier and a site that are configured no more keep their backups in the list', async () => {
  const before = 'sites: { dc01: {';
  writeFileSync(at('holdfast.yaml'), config.replace(before, 'sites: { dc02: {').replace('hourly:', 'often:'));
  expect(await idsOf('--site', 'dc01', '--tier', 'hourly')).toEqual([other]);
  expect(await idsOf()).toHaveLength(3);
  expect(await idsOf('--site', 'dc02')).toEqual([]);
  for (const unknown of [
    ['--tier', 'hurly'],
    ['--site', 'dc1'],
    ['--component', 'file'],
  ]) {
    const { code, stderr } = await runCli(['list', ...unknown], folder);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining('did you mean') });
  }
  writeFileSync(at('holdfast.yaml'), config);
});

test('the history of a site has nothing of another', async () => {
  writeFileSync(at('holdfast.yaml'), config.replace('sites: {', 'sites: { dc02: { components: {} },'));
  const store = openStore('far', { kind: 'dir', path: at('far') });
  const repository = await Repository.open({ stores: [store], keySource: { kind: 'none' }, system: 'shop' });
  const moved = 'shop_dc02_full_20260104_010000';
  await putHead(repository.copy('far'), head(moved, 'far', { site: 'dc02' }));
  await removeHead(repository.copy('far'), moved, { note: 'for a test' });
  await repository.close();
  const of = async (site: string) => await lines('--history', '--site', site);
  expect((await of('dc02')).slice(1)).toEqual([expect.stringContaining(moved), expect.stringContaining(moved)]);
  expect((await of('dc01')).join('\n')).not.toContain(moved);
  expect(await runCli(['list', '--history', '--site', 'dc3'], folder)).toMatchObject({ code: 2 });
  writeFileSync(at('holdfast.yaml'), config);
});

test('a store that is asked for and away is told of, and not taken for an empty one', async () => {
  renameSync(at('far'), at('away'));
  const asked = await runCli(['list', '--store', 'far'], folder);
  const all = await runCli(['list', '--store', 'hot'], folder);
  const rebuilt = await runCli(['catalog', 'rebuild', '--json'], folder);
  renameSync(at('away'), at('far'));
  expect(asked.code).not.toBe(0);
  expect(asked.stderr).toContain('(far:repository.json)');
  expect(all.code).toBe(0);
  expect({ code: rebuilt.code, ...JSON.parse(rebuilt.stdout) }).toMatchObject({ code: 0, away: ['far'] });
});
