/** A restore writes nothing outside its target, whatever a forged backup says, though it was sealed with the real key. */
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { TestSystem, type Up } from '../support/system';
import { expectRefusal, treeOf, untouched, withCopy } from './bad-case';
import { type Forgery, forgeBackup } from './forge';

let system: TestSystem;
let up: Up;
let outside: string;
let number = 0;

beforeAll(async () => {
  system = await TestSystem.create();
  outside = path.join(system.dir, 'outside');
  mkdirSync(outside);
  writeFileSync(path.join(outside, 'victim'), 'must stay\n');
  chmodSync(path.join(outside, 'victim'), 0o640);
  up = await system.up();
  await system.procedure('backup', '--component', 'config');
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

/** Restores a forged backup to a new directory below a folder of its own, and sees that everything around it is as it was. */
async function restored(forgery: Forgery, ...more: string[]) {
  const id = `sys_full_20200101_${String(++number).padStart(6, '0')}`;
  await withCopy(system, (copy) => forgeBackup(copy, id, forgery));
  const around = path.join(system.dir, `around-${number}`);
  mkdirSync(around);
  const before = treeOf(outside);
  const end = await untouched(system, () => system.procedure('restore', id, '--to', path.join(around, 'in'), ...more));
  expect(treeOf(outside)).toEqual(before);
  const left = treeOf(around).map((line) => line.split(' ')[0]);
  expect(left.filter((name) => name !== '' && name !== 'in' && !name?.startsWith('in/'))).toEqual([]);
  return { end, left };
}

const folder = { path: '', type: 'directory' as const };

describe.each<[string, () => Forgery]>([
  ['a name that leads up', () => ({ entries: [folder, { path: '../evil', type: 'file' }] })],
  ['a name that leads down and up again', () => ({ entries: [folder, { path: 'a/../../evil', type: 'file' }] })],
  ['an absolute name', () => ({ entries: [folder, { path: `${outside}/evil`, type: 'file' }] })],
  ['an absolute name that is not text', () => ({ entries: [folder, { path: { b64: 'L3RtcC/ifg==' }, type: 'file' }] })],
  ['a name of nothing', () => ({ entries: [folder, { path: 'a//b', type: 'file' }] })],
  ['a folder that leads up', () => ({ entries: [folder, { path: '../evil', type: 'directory' }] })],
  ['a FIFO that leads up', () => ({ entries: [folder, { path: '../evil', type: 'fifo' }] })],
  [
    'a symbolic link that leads up itself',
    () => ({ entries: [folder, { path: '../evil', type: 'symlink', target: 'x' }] }),
  ],
  [
    'a file behind a symbolic link',
    () => ({
      entries: [folder, { path: 'link', type: 'symlink', target: outside }, { path: 'link/victim', type: 'file' }],
      writes: [],
    }),
  ],
  [
    'a file behind a folder that becomes a symbolic link',
    () => ({
      entries: [
        folder,
        { path: 'link', type: 'directory' },
        { path: 'link', type: 'symlink', target: outside },
        { path: 'link/victim', type: 'file' },
      ],
      writes: [],
    }),
  ],
  [
    'a root that is a symbolic link',
    () => ({
      entries: [
        { path: '', type: 'symlink', target: outside },
        { path: 'victim', type: 'file' },
      ],
      writes: [],
    }),
  ],
  [
    'a root behind a symbolic link of another',
    () => ({
      paths: ['/tree', '/tree/link'],
      entries: [
        folder,
        { path: 'link', type: 'symlink', target: outside },
        { root: '1', path: 'victim', type: 'file' },
      ],
      writes: [],
    }),
  ],
  [
    'a hard link to something outside',
    () => ({ entries: [folder, { path: 'name', type: 'hardlink', target: '../../../../outside/victim' }] }),
  ],
  [
    'a hard link to an absolute name',
    () => ({ entries: [folder, { path: 'name', type: 'hardlink', target: `${outside}/victim` }] }),
  ],
  [
    'a hard link through a symbolic link',
    () => ({
      entries: [
        folder,
        { path: 'link', type: 'symlink', target: outside },
        { path: 'name', type: 'hardlink', target: 'link/victim' },
      ],
    }),
  ],
  ['bytes for a name that leads up', () => ({ entries: [folder], writes: [{ path: '../evil' }] })],
  ['bytes for an absolute name', () => ({ entries: [folder], writes: [{ path: `${outside}/victim` }] })],
  ['a path that is not absolute', () => ({ paths: ['../evil'], entries: [folder] })],
  ['a path that leads up', () => ({ paths: ['/../../evil'], entries: [folder] })],
  [
    'a component whose name leads up',
    () => ({ component: '../evil', entries: [folder, { path: 'evil', type: 'file' }] }),
  ],
])('%s', (_what, forgery) => {
  test('is refused, and what was placed is taken away again', async () => {
    const { end, left } = await restored(forgery());
    expectRefusal(end, 'unsafe_path', { says: /./ });
    expect(left).toEqual(['']);
  });
});

test('bytes for a file that becomes a symbolic link are not written through it', async () => {
  const { end } = await restored({
    entries: [folder, { path: 'victim', type: 'symlink', target: `${outside}/victim` }],
    writes: [{ path: 'victim' }],
  });
  expect(end.status).toBe('completed');
});

test('a file in a tree that the backup does not have is refused', async () => {
  const { end } = await restored({ entries: [folder, { root: '../..', path: 'evil', type: 'file' }], writes: [] });
  expectRefusal(end, 'invalid_backup', { says: /tree/ });
});

test('in place, a path that is not configured is refused before anything is touched', async () => {
  const id = `sys_full_20200101_${String(++number).padStart(6, '0')}`;
  await withCopy(system, (copy) => forgeBackup(copy, id, { paths: [outside], entries: [folder] }));
  const before = treeOf(outside);
  const end = await untouched(system, () => system.procedure('restore', id));
  expectRefusal(end, 'unsafe_path', { says: /not among the configured paths/, hint: /--to/ });
  expect(treeOf(outside)).toEqual(before);
});
