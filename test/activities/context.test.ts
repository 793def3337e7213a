import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SiteContext } from '../../activities/context';
import { parseConfig } from '../../domain/config/parse';
import { HoldfastError } from '../../domain/errors';
import { DirStore } from '../../repository/stores/dir';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-context-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function contextWith(stores: string[]): SiteContext {
  const named = stores.map((name) => `  ${name}: { kind: dir, path: ${path.join(folder, name)} }`).join('\n');
  const text = `system: sys\nsites: { dc01: { components: { config: { kind: files, paths: [${folder}] } } } }\nstores:\n${named}\n`;
  const loaded = parseConfig(text, path.join(folder, 'holdfast.yaml'), {});
  return new SiteContext({ loaded, site: 'dc01', processQueue: 'none' });
}

test('a store that was added joins the repository at the first write, also after a read by the same process', async () => {
  const first = contextWith(['hot']);
  await first.repository({ create: true });
  await first.close();
  mkdirSync(path.join(folder, 'warm'));
  const second = contextWith(['hot', 'warm']);
  await second.repository();
  expect(existsSync(path.join(folder, 'warm', 'repository.json'))).toBe(false);
  await second.repository({ create: true });
  expect(existsSync(path.join(folder, 'warm', 'repository.json'))).toBe(true);
  await second.close();
});

test('who only reads is not kept from it by somebody who cannot write', async () => {
  const made = contextWith(['ours']);
  await made.repository({ create: true });
  await made.close();
  const denied = new HoldfastError('store_denied', "the store's file system answered EROFS");
  jest.spyOn(DirStore.prototype, 'clock').mockRejectedValue(denied);
  jest.spyOn(DirStore.prototype, 'probe').mockRejectedValue(denied);
  const context = contextWith(['ours']);
  const [written, read] = await Promise.allSettled([context.repository({ create: true }), context.repository()]);
  expect(written).toMatchObject({ status: 'rejected', reason: denied });
  expect(read).toMatchObject({ status: 'fulfilled', value: { unavailable: [] } });
  await context.close();
  jest.restoreAllMocks();
});

test('all sites of a process share the limit of a store, and none has that of another', () => {
  const component = `components: { config: { kind: files, paths: [${folder}] } }`;
  const stores = ['near', 'far'].map((name) => `${name}: { kind: dir, path: /${name}, bandwidthLimit: 1MiB/s }`);
  const text = `system: sys\nsites: { dc01: { ${component} }, dc02: { ${component} } }\nstores: { ${stores.join(', ')}, free: { kind: dir, path: /free } }\n`;
  const loaded = parseConfig(text, path.join(folder, 'holdfast.yaml'), {});
  const [one, other] = ['dc01', 'dc02'].map((site) => new SiteContext({ loaded, site, processQueue: 'none' }));
  expect(one?.bandwidthInto('far')).toBeDefined();
  expect(other?.bandwidthInto('far')).toBe(one?.bandwidthInto('far'));
  expect(one?.withStore('far').bandwidthInto('far')).toBe(one?.bandwidthInto('far'));
  expect(one?.bandwidthInto('near')).not.toBe(one?.bandwidthInto('far'));
  expect(one?.bandwidthInto('free')).toBeUndefined();
});
