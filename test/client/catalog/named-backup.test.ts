/** A name is refused where every store was asked, and left to the procedure where one could not be. */
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { checkNamed, sitesOfNamed } from '../../../client/catalog/named-backup';
import type { BackupHead, BackupStatus } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import type { Config } from '../../../domain/config/types';
import { putHead } from '../../../repository/heads';
import { Repository } from '../../../repository/repository';
import { openStore } from '../../../repository/stores/open';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-named-'));
const at = (name: string) => path.join(folder, name);
const config = configOf();
const full = 'shop_dc01_full_20260101_010000';
const expired = 'shop_dc01_full_20260102_010000';
const unknown = 'shop_dc01_full_20260102_010001';

function configOf(more = ''): Config {
  const site = '{ components: { files: { kind: files, paths: [data] } } }';
  const text = `system: shop
sites: { dc01: ${site}, dc02: ${site} }
stores: { hot: { kind: dir, path: hot }, far: { kind: dir, path: far } }
${more}`;
  return parseConfig(text, at('holdfast.yaml'), {}).config;
}

function head(id: string, status: BackupStatus): BackupHead {
  const amounts = { bytes: 1, storedBytes: 1, seconds: 1 };
  const startedAt = '2026-01-01T01:00:00.000Z';
  const where = { stores: ['hot'], location: at('hot') };
  return { id, system: 'shop', site: 'dc01', type: 'full', status, startedAt, components: {}, ...amounts, ...where };
}

const told: string[] = [];
beforeEach(() => {
  told.length = 0;
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => told.push(String(text)) > 0);
});
afterEach(() => jest.restoreAllMocks());

beforeAll(async () => {
  for (const name of ['hot', 'far', 'data']) mkdirSync(at(name));
  const stores = ['hot', 'far'].map((name) => openStore(name, { kind: 'dir', path: at(name) }));
  const repository = await Repository.open({ stores, keySource: { kind: 'none' }, system: 'shop', create: true });
  await putHead(repository.copy('hot'), head(full, 'completed'));
  await putHead(repository.copy('hot'), head(expired, 'expired'));
  await repository.close();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const didYouMean = (name: string) => ({
  code: 'backup_not_found',
  hints: [`did you mean "${name}"?`, expect.stringMatching(/holdfast list.*catalog rebuild/)],
});

test.each([
  ['latst', 'latest'],
  ['shop_dc01_full_20260101_01000', full],
  ['shop_dc01_ful_20260101_010000', full],
  ['shop_dc01_full_20260101', full],
  [unknown, full],
])('%s is refused, and %s suggested', async (named, near) => {
  await expect(checkNamed(config, named)).rejects.toMatchObject(didYouMean(near));
  expect(told).toEqual([]);
});

test('what is nothing like any backup gets the way to the list alone', async () => {
  await expect(checkNamed(config, 'x')).rejects.toMatchObject({
    code: 'backup_not_found',
    hints: [expect.stringContaining('holdfast list')],
  });
});

test('what is there is let through, whatever its state: that is for the procedure to judge', async () => {
  for (const named of ['latest', full, expired]) await checkNamed(config, named);
  const file = at(`hot/catalog/heads/${expired}.json`);
  writeFileSync(file, '{');
  await checkNamed(config, expired);
  expect(told).toEqual([]);
});

test('a site that is not there is told before a store is asked, and the name before a site is wanted', async () => {
  await expect(sitesOfNamed(config, 'dc1', 'latst')).rejects.toMatchObject({ code: 'usage' });
  await expect(sitesOfNamed(config, undefined, 'latst')).rejects.toMatchObject(didYouMean('latest'));
  expect(await sitesOfNamed(config, undefined, full)).toEqual(['dc01']);
});

test('a store that is away may have it: told, and left to the procedure', async () => {
  renameSync(at('far'), at('away'));
  try {
    await checkNamed(config, unknown);
    expect(told.join('')).toMatch(/warning: .*far did not answer: the procedure looks for itself\nhint: did you mean/);
    // No store can have what is no name of a backup.
    await expect(checkNamed(config, 'latst')).rejects.toMatchObject(didYouMean('latest'));
    await expect(checkNamed(config, 'shop_dc01_full_20260101')).rejects.toMatchObject(didYouMean(full));
  } finally {
    renameSync(at('away'), at('far'));
  }
});

test('a key that does not fit keeps nobody from asking the procedure', async () => {
  const wrong = configOf('encryption: { keyFile: none.key }\n');
  await checkNamed(wrong, unknown);
  expect(told.join('')).toMatch(/could not be looked up .*the procedure looks for itself/);
});

test('where agents work on hosts of their own a directory here proves nothing', async () => {
  await checkNamed(configOf('temporal: { address: "localhost:7233" }\n'), unknown);
  expect(told.join('')).toMatch(/hot, far may lie on another host/);
});
