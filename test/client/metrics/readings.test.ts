/** That a reading costs little, by the requests that a real store gets. */
import { StoreReader } from '../../../client/metrics/readings';
import { parseConfig } from '../../../domain/config/parse';
import type { RepositoryCopy } from '../../../repository/copy';
import { putHead } from '../../../repository/heads';
import { folder, keyFile, makeBackup, open, removeAll } from '../../repository/made';

afterAll(removeAll);

const { config } = parseConfig(
  'system: shop\nsites: { dc01: { components: { config: { kind: files, paths: [/etc] } } } }\nstores: { s0: { kind: dir, path: /x } }\n',
  '/c/holdfast.yaml',
);

/** The copy, and what was asked of its store. */
function counted(copy: RepositoryCopy): { copy: RepositoryCopy; asked: string[] } {
  const asked: string[] = [];
  const store = new Proxy(copy.store, {
    get(target, name, receiver) {
      const value: unknown = Reflect.get(target, name, receiver);
      if (typeof value !== 'function') return value;
      return (...args: unknown[]) => {
        asked.push(`${String(name)} ${String(args[0] ?? '')}`.trim());
        return Reflect.apply(value, target, args);
      };
    },
  });
  return { copy: { ...copy, store }, asked };
}

test('a second reading fetches only what changed', async () => {
  const repository = await open({ roots: [await folder()], keySource: await keyFile() });
  const first = await makeBackup(repository.copy(), 'shop_full_20260101_000000');
  const { copy, asked } = counted(repository.copy());
  const reader = new StoreReader(config, [first.site]);
  const found = await reader.read(repository, copy);
  expect(found.backups.map(({ id }) => id)).toEqual([first.id]);
  expect(found.components).toEqual([expect.objectContaining({ store: 's0', rpoSeconds: expect.any(Number) })]);
  expect(asked.some((one) => one.startsWith('get catalog/heads/'))).toBe(true);

  asked.length = 0;
  expect((await reader.read(repository, copy)).backups).toHaveLength(1);
  expect(asked.toSorted()).toEqual(['clock', 'list catalog/heads/', 'list receipts/']);

  asked.length = 0;
  await putHead(repository.copy(), { ...first, id: 'shop_full_20260102_000000' });
  expect((await reader.read(repository, copy)).backups).toHaveLength(2);
  expect(asked.filter((one) => one.startsWith('get'))).toEqual(['get catalog/heads/shop_full_20260102_000000.json']);
});
