import fs from 'node:fs';
import path from 'node:path';
import { pruneTree } from '../../../components/tree/prune';
import { rootDirs } from '../../../components/tree/read';
import { walkTree } from '../../../components/tree/walk';
import type { Plannable } from '../../../domain/plan-runs';
import { lookAtTree } from './look';
import { type Carried, carry, place } from './round-trip';
import { below, makeSampleTree, oddNames, removeFolder, temporaryFolder } from './sample';

let [folder, source, target] = ['', '', ''];
let carried: Carried;
const to = () => rootDirs({ '0': target });

async function* plannable(from: string): AsyncGenerator<Plannable> {
  for await (const found of walkTree('0', Buffer.from(from))) yield 'skipped' in found ? found : { entry: found };
}

beforeEach(async () => {
  folder = temporaryFolder();
  [source, target] = [path.join(folder, 'source'), path.join(folder, 'target')];
  fs.mkdirSync(source);
  makeSampleTree(source);
  carried = await carry(plannable(source), rootDirs({ '0': source }));
  await place(carried, to());
});
afterEach(() => {
  removeFolder(folder);
});

test('a target that is right loses nothing', async () => {
  expect(await pruneTree(carried.entries, to())).toBe(0);
  expect(lookAtTree(target)).toEqual(lookAtTree(source));
});

test('strays, other types and shared files go, and the restore over it ends with the very tree', async () => {
  const at = (name: string): string => path.join(target, name);
  fs.mkdirSync(at('stray/deep'), { recursive: true });
  fs.writeFileSync(below(target, 'stray', oddNames.latin1), 'x');
  fs.symlinkSync('/etc', at('stray-link'));
  for (const name of ['a', 'tool', 'pipe', 'deep/er']) fs.rmSync(at(name), { recursive: true });
  fs.symlinkSync('/etc', at('a'));
  fs.mkdirSync(at('tool'));
  fs.writeFileSync(at('pipe'), 'a file now');
  fs.writeFileSync(at('deep/er'), 'a file now');
  fs.rmSync(at('a.txt'));
  fs.linkSync(at('empty'), at('a.txt'));
  fs.rmSync(at('z-same-as-small'));
  fs.writeFileSync(at('z-same-as-small'), 'a file of its own');
  const etc = fs.readdirSync('/etc').length;
  // "a.txt" comes first and is taken for the file; "empty" shares its bytes.
  expect(await pruneTree(carried.entries, to())).toBe(7);
  await place(carried, to(), { over: true });
  expect(lookAtTree(target)).toEqual(lookAtTree(source));
  expect(fs.readdirSync('/etc')).toHaveLength(etc);
});

test('what is to be kept is kept', async () => {
  fs.mkdirSync(path.join(target, 'pg_wal'));
  fs.writeFileSync(path.join(target, 'pg_wal/1'), '');
  fs.writeFileSync(path.join(target, 'stray'), '');
  expect(await pruneTree(carried.entries, to(), (_, relative) => relative.equals(Buffer.from('pg_wal')))).toBe(1);
  expect(fs.existsSync(path.join(target, 'pg_wal/1'))).toBe(true);
});
