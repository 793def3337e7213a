import fs from 'node:fs';
import path from 'node:path';
import { finishTree } from '../../../components/tree/finish';
import { rootDirs } from '../../../components/tree/read';
import { walkTree } from '../../../components/tree/walk';
import type { Plannable } from '../../../domain/plan-runs';
import type { TreeEntry } from '../../../domain/tree';
import { diskUse, lookAtTree } from './look';
import { type Carried, carry, place } from './round-trip';
import { asRoot, makeSampleTree, removeFolder, temporaryFolder } from './sample';

async function* plannable(root: string, folder: string): AsyncGenerator<Plannable> {
  for await (const found of walkTree(root, Buffer.from(folder))) {
    yield 'skipped' in found ? found : { entry: found };
  }
}

let folder: string;
let [source, target] = ['', ''];
let carried: Carried;
const to = () => rootDirs({ '0': target });

beforeEach(async () => {
  folder = temporaryFolder();
  source = path.join(folder, 'source');
  target = path.join(folder, 'made/on/the/way');
  fs.mkdirSync(source);
  makeSampleTree(source);
  carried = await carry(plannable('0', source), rootDirs({ '0': source }));
});

afterEach(() => {
  removeFolder(folder);
});

test('a tree with one of everything comes back the same to the last nanosecond and attribute', async () => {
  const before = lookAtTree(source);
  const { warnings } = await place(carried, to());
  expect(warnings).toEqual([]);
  expect(lookAtTree(target)).toEqual(before);
  expect(before.length).toBeGreaterThan(25);
});

test('reading a tree leaves it as it was', async () => {
  const before = lookAtTree(source);
  await carry(plannable('0', source), rootDirs({ '0': source }));
  expect(lookAtTree(source)).toEqual(before);
});

test('finishing twice changes nothing', async () => {
  await place(carried, to());
  const once = lookAtTree(target);
  await finishTree(() => carried.entries, to());
  expect(lookAtTree(target)).toEqual(once);
});

test('placing everything a second time, over what is finished, changes nothing', async () => {
  await place(carried, to());
  const once = lookAtTree(target);
  await place(carried, to());
  expect(lookAtTree(target)).toEqual(once);
});

test('holes stay holes', async () => {
  await place(carried, to());
  for (const name of ['sparse-both-ends', 'sparse-data-at-ends', 'sparse-nothing']) {
    expect({ name, use: diskUse(path.join(target, name)) }).toEqual({ name, use: diskUse(path.join(source, name)) });
  }
});

test('over existing data only what differs is written, and what lies in a hole is cleared', async () => {
  await place(carried, to());
  const right = lookAtTree(target);
  fs.appendFileSync(path.join(target, 'a.txt'), 'more');
  const big = fs.openSync(path.join(target, 'deep/er/est/big.bin'), 'r+');
  fs.writeSync(big, 'x', 2_000_000);
  fs.closeSync(big);
  fs.writeFileSync(path.join(target, 'sparse-nothing'), 'y'.repeat(2000));
  fs.rmSync(path.join(target, 'tool'));
  const { written } = await place(carried, to(), { over: true });
  expect(written).toBe(2);
  expect(lookAtTree(target)).toEqual(right);
});

test('a single file is a tree too', async () => {
  const one = await carry(plannable('0', path.join(source, 'tool')), rootDirs({ '0': path.join(source, 'tool') }));
  expect(one.entries).toEqual([expect.objectContaining({ path: '', type: 'file' })]);
  const dirs = rootDirs({ '0': path.join(folder, 'elsewhere/tool') });
  await place(one, dirs);
  expect(lookAtTree(path.join(folder, 'elsewhere/tool'))).toEqual(lookAtTree(path.join(source, 'tool')));
});

const onlyRoot = asRoot ? test : test.skip;

onlyRoot('an owner who is named is looked up by name, and an override beats both', async () => {
  const nobody = carried.entries.map(
    (entry): TreeEntry => ({ ...entry, user: 'nobody', group: 'nogroup', uid: 7, gid: 8 }),
  );
  await place({ ...carried, entries: nobody }, to());
  expect(fs.statSync(path.join(target, 'small.txt'))).toMatchObject({ uid: 65534, gid: 65534 });
  await finishTree(() => carried.entries, to(), { owner: { uid: 4321, gid: 1234 } });
  expect(fs.statSync(path.join(target, 'small.txt'))).toMatchObject({ uid: 4321, gid: 1234 });
  expect(fs.lstatSync(path.join(target, 'link-absolute'))).toMatchObject({ uid: 4321, gid: 1234 });
  expect(fs.statSync('/etc').uid).not.toBe(4321);
});
