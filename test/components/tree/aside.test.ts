import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { asideOf, dropAside, putBack, setAside } from '../../../components/tree/aside';
import { lookAtTree } from './look';
import { asRoot, makeSampleTree, removeFolder, temporaryFolder } from './sample';

let [folder, target] = ['', ''];
const options = { id: 'r1' };

beforeEach(() => {
  folder = temporaryFolder();
  target = path.join(folder, 'data');
});
afterEach(() => {
  process.chdir('/');
  removeFolder(folder);
});

function restoreSomethingElse(): void {
  fs.mkdirSync(path.join(target, 'new'), { recursive: true });
  fs.writeFileSync(path.join(target, 'new/file'), 'new');
  fs.writeFileSync(path.join(target, 'small.txt'), 'other');
  fs.chmodSync(target, 0o711);
}

/** How it stands when it can be renamed, and when it cannot. */
const ways: [string, () => void][] = [
  ['renamed', () => undefined],
  ['emptied', () => process.chdir(target)],
];

describe.each(ways)('data that is %s', (how, prepare) => {
  let before: string[];
  beforeEach(() => {
    fs.mkdirSync(target);
    makeSampleTree(target);
    before = lookAtTree(target);
    prepare();
  });

  test('is set aside and put back as it was, each of them twice', async () => {
    expect(await setAside(target, options)).toMatchObject({ how, done: true });
    restoreSomethingElse();
    await setAside(target, options);
    expect(fs.existsSync(path.join(target, 'new/file'))).toBe(true);
    expect(fs.readFileSync(path.join(asideOf(target, options) ?? '', 'small.txt'), 'utf8')).toBe('small\n');
    await putBack(target, options);
    await putBack(target, options);
    expect(lookAtTree(target)).toEqual(before);
    expect(fs.readdirSync(folder)).toEqual(['data']);
  });

  test('is dropped, and what was restored stays with its times', async () => {
    await setAside(target, options);
    restoreSomethingElse();
    fs.utimesSync(target, 1000, 1000);
    await dropAside(target, options);
    await dropAside(target, options);
    await putBack(target, options);
    expect(fs.readdirSync(target).toSorted()).toEqual(['new', 'small.txt']);
    expect(fs.statSync(target).mtimeMs).toBe(1_000_000);
    expect(fs.readdirSync(folder)).toEqual(['data']);
  });

  test('is put back when setting it aside was cut in the middle', async () => {
    const record = await setAside(target, options);
    const [file] = fs.readdirSync(folder).filter((name) => name.endsWith('.json'));
    fs.writeFileSync(path.join(folder, String(file)), JSON.stringify({ ...record, done: false }));
    // One child had not moved yet.
    if (how === 'emptied') fs.renameSync(path.join(record.aside, 'a.txt'), path.join(target, 'a.txt'));
    else fs.renameSync(record.aside, target);
    await putBack(target, options);
    expect(lookAtTree(target)).toEqual(before);
  });

  test('is put back when putting it back was cut in the middle', async () => {
    const record = await setAside(target, options);
    restoreSomethingElse();
    const [file] = fs.readdirSync(folder).filter((name) => name.endsWith('.json'));
    if (how === 'emptied') {
      fs.rmSync(path.join(target, 'new'), { recursive: true });
      fs.rmSync(path.join(target, 'small.txt'));
      fs.renameSync(path.join(record.aside, 'a.txt'), path.join(target, 'a.txt'));
      fs.writeFileSync(path.join(folder, String(file)), JSON.stringify({ ...record, cleared: true }));
    } else {
      fs.rmSync(path.join(target, 'new'), { recursive: true });
    }
    await putBack(target, options);
    expect(lookAtTree(target)).toEqual(before);
  });
});

test('where there was nothing, nothing is left', async () => {
  expect(await setAside(target, options)).toMatchObject({ how: 'absent' });
  restoreSomethingElse();
  await putBack(target, options);
  expect(fs.readdirSync(folder)).toEqual([]);
});

test('putting back what was never set aside touches nothing', async () => {
  restoreSomethingElse();
  await putBack(target, options);
  expect(fs.existsSync(path.join(target, 'new/file'))).toBe(true);
});

test('a link stands for the data behind it', async () => {
  fs.mkdirSync(path.join(folder, 'disk/real'), { recursive: true });
  fs.writeFileSync(path.join(folder, 'disk/real/file'), 'x');
  fs.symlinkSync('disk/real', target);
  await setAside(target, options);
  expect(fs.readdirSync(path.join(folder, 'disk'))).toEqual(['real.holdfast-aside-r1']);
  expect(fs.readlinkSync(target)).toBe('disk/real');
  await putBack(target, options);
  expect(fs.readFileSync(path.join(target, 'file'), 'utf8')).toBe('x');
});

test('a single file is set aside and put back too', async () => {
  fs.writeFileSync(target, 'old');
  await setAside(target, options);
  fs.writeFileSync(target, 'new');
  await putBack(target, options);
  expect(fs.readFileSync(target, 'utf8')).toBe('old');
});

const mounted = asRoot && spawnSync('unshare', ['-m', 'true']).status === 0;
(mounted ? test : test.skip)('a mount point is emptied instead of renamed', () => {
  fs.mkdirSync(target);
  const script = `
    const { setAside, putBack } = require(${JSON.stringify(path.join(__dirname, '../../../components/tree/aside.js'))});
    const fs = require('node:fs');
    (async () => {
      const [target] = process.argv.slice(1);
      fs.writeFileSync(target + '/file', 'old');
      const { how } = await setAside(target, { id: 'r1' });
      fs.writeFileSync(target + '/file', 'new');
      await putBack(target, { id: 'r1' });
      console.log(JSON.stringify({ how, file: fs.readFileSync(target + '/file', 'utf8'), left: fs.readdirSync(target) }));
    })();
  `;
  const shell = 'mount -t tmpfs none "$1" && exec "$2" -e "$3" "$1"';
  const args = ['-m', 'sh', '-c', shell, 'sh', target, process.execPath, script];
  const { stdout } = spawnSync('unshare', args, { encoding: 'utf8' });
  expect(JSON.parse(stdout)).toEqual({ how: 'emptied', file: 'old', left: ['file'] });
});
