import { spawn } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { PlacingJournal, removeJournal } from '../../../components/tree/journal';
import { temporaryFolder } from './sample';

let folder: string;
let file: string;
const mac = (pack: number): string => pack.toString(16).padStart(64, '0');

beforeEach(() => {
  folder = temporaryFolder();
  file = path.join(folder, 'journal');
});
afterEach(() => {
  fs.rmSync(folder, { recursive: true, force: true });
});

function packsIn(boot?: string, upTo = 20): number[] {
  const journal = PlacingJournal.open(file, boot);
  journal.close();
  return Array.from({ length: upTo }, (_, pack) => pack).filter((pack) => journal.has(pack, mac(pack)));
}

test('what was recorded is known to the next process, and only with the same contents', () => {
  const journal = PlacingJournal.open(file);
  journal.record(3, mac(3));
  expect(journal.has(3, mac(3))).toBe(true);
  journal.close();
  expect(packsIn()).toEqual([3]);
  const next = PlacingJournal.open(file);
  expect(next.has(3, mac(4))).toBe(false);
  next.close();
});

test('a last line that was torn is passed over, and does not spoil the next one', () => {
  const journal = PlacingJournal.open(file);
  for (const pack of [1, 2]) journal.record(pack, mac(pack));
  journal.close();
  const whole = fs.readFileSync(file);
  for (let cut = 2; cut < 70; cut++) {
    fs.writeFileSync(file, whole.subarray(0, whole.length - cut));
    const next = PlacingJournal.open(file);
    expect({ cut, has: next.has(2, mac(2)) }).toEqual({ cut, has: false });
    next.record(5, mac(5));
    next.close();
    expect(packsIn()).toEqual([1, 5]);
  }
});

test('after the machine went down only what had been synced counts', async () => {
  const journal = PlacingJournal.open(file, 'boot-1');
  journal.record(1, mac(1));
  await journal.synced(async () => journal.record(2, mac(2)));
  journal.record(3, mac(3));
  journal.close();
  expect(packsIn('boot-1')).toEqual([1, 2, 3]);
  expect(packsIn('boot-2')).toEqual([1]);
});

test('a sync that failed records nothing', async () => {
  const journal = PlacingJournal.open(file, 'boot-1');
  journal.record(1, mac(1));
  await expect(journal.synced(() => Promise.reject(new Error('disk')))).rejects.toThrow('disk');
  journal.close();
  expect(packsIn('boot-2')).toEqual([]);
});

test('a removed journal starts anew, and removing none is no error', () => {
  PlacingJournal.open(file).close();
  removeJournal(file);
  removeJournal(file);
  expect(packsIn()).toEqual([]);
});

test('two that append at once lose no line', () => {
  const [one, other] = [PlacingJournal.open(file), PlacingJournal.open(file)];
  for (let pack = 0; pack < 20; pack++) (pack % 2 === 0 ? one : other).record(pack, mac(pack));
  one.close();
  other.close();
  expect(packsIn()).toHaveLength(20);
});

test('after a kill in the middle of placing, every pack in the journal lies whole in the target', async () => {
  const target = path.join(folder, 'target');
  const child = spawn(process.execPath, [path.join(__dirname, 'placing-child.js'), target, file], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  await once(child, 'exit');
  const placed = packsIn(undefined, 100_000);
  expect(placed.length).toBeGreaterThan(0);
  const wrong = placed.filter((pack) => {
    const contents = fs.readFileSync(path.join(target, `pack-${pack}`));
    return contents.length !== 300_000 || !contents.every((byte) => byte === pack % 256);
  });
  expect(wrong).toEqual([]);
});
