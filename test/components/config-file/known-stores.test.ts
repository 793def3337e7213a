import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SiteContext } from '../../../activities/context';
import { siteHealth } from '../../../activities/schedule/health';
import { emptiedStores } from '../../../components/config-file/known-stores';
import { openConfiguredRepository } from '../../../components/config-file/open-repository';
import { parseConfig } from '../../../domain/config/parse';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-known-'));
const before = process.env['XDG_STATE_HOME'];

beforeAll(() => {
  process.env['XDG_STATE_HOME'] = path.join(folder, 'state');
});
afterAll(() => {
  if (before === undefined) delete process.env['XDG_STATE_HOME'];
  else process.env['XDG_STATE_HOME'] = before;
  rmSync(folder, { recursive: true, force: true });
});

function loadedWith(...stores: string[]) {
  const named = stores.map((name) => `  ${name}: { kind: dir, path: ${path.join(folder, name)} }`).join('\n');
  const sites = `sites: { dc01: { components: { config: { kind: files, paths: [${folder}] } } } }`;
  return parseConfig(`system: shop\n${sites}\nstores:\n${named}\n`, path.join(folder, 'holdfast.yaml'), {});
}

/** What lies in a store's place when its disk is not mounted. */
function unmount(store: string): () => void {
  const place = path.join(folder, store);
  renameSync(place, `${place}.kept`);
  mkdirSync(place);
  return () => {
    rmSync(place, { recursive: true });
    renameSync(`${place}.kept`, place);
  };
}

async function openAll(...stores: string[]) {
  const repository = await openConfiguredRepository(loadedWith(...stores).config, { create: true });
  await repository.close();
  return {
    reached: repository.copies.map(({ store }) => store.name),
    away: repository.unavailable.map(({ store, error }) => [store.name, error.message]),
  };
}

test('a store whose disk is not mounted is away, gets nothing, and keeps no other from being written to', async () => {
  expect(await openAll('hot', 'usb')).toEqual({ reached: ['hot', 'usb'], away: [] });
  const mount = unmount('usb');
  const told = 'the store held a repository before, and now there is none';
  // It is remembered through whatever is done without it.
  for (let time = 0; time < 2; time++)
    expect(await openAll('hot', 'usb')).toEqual({ reached: ['hot'], away: [['usb', told]] });
  expect(readdirSync(path.join(folder, 'usb'))).toEqual([]);
  const context = new SiteContext({ loaded: loadedWith('hot', 'usb'), site: 'dc01', processQueue: 'none' });
  const health = (...stores: string[]) => siteHealth(context, { site: 'dc01', components: ['config'], stores });
  expect(await health('hot')).toEqual({ problems: [], warnings: [] });
  expect(await health('hot', 'usb')).toEqual({ problems: [], warnings: [`store usb: ${told}`] });
  expect(await health('usb', 'hot')).toEqual({ problems: [`store usb: ${told}`], warnings: [] });
  mount();
  expect(await openAll('hot', 'usb')).toEqual({ reached: ['hot', 'usb'], away: [] });
});

test('where every store is empty that was not, no new repository is begun', async () => {
  await openAll('hot');
  const mount = unmount('hot');
  await expect(openAll('hot', 'new')).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(readdirSync(path.join(folder, 'hot'))).toEqual([]);
  mount();
});

test('a process that runs on sees that a disk is not mounted any more, and that it is again', async () => {
  const context = new SiteContext({ loaded: loadedWith('hot', 'usb'), site: 'dc01', processQueue: 'none' });
  const names = async (create: boolean) => (await context.repository({ create })).copies.map(({ store }) => store.name);
  const held = (await context.repository({ create: true })).copy('usb').store;
  await held.put('receipts/1', Buffer.from('before'));
  const mount = unmount('usb');
  expect([await names(true), await names(false)]).toEqual([['hot'], ['hot']]);
  // Whoever holds it already, for hours, like the shipper of the WAL.
  await expect(held.put('receipts/2', Buffer.from('after'))).rejects.toMatchObject({ code: 'store_unavailable' });
  expect(readdirSync(path.join(folder, 'usb'))).toEqual([]);
  mount();
  expect([await names(true), await names(false)]).toEqual([
    ['hot', 'usb'],
    ['hot', 'usb'],
  ]);
  await held.put('receipts/2', Buffer.from('after'));
  await context.close();
});

test('a process with other stores leaves what is known of these', async () => {
  await openAll('hot', 'usb');
  await openAll('hot');
  const mount = unmount('usb');
  expect([...emptiedStores(loadedWith('hot', 'usb').config).keys()]).toEqual(['usb']);
  mount();
});
