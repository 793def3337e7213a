/** The bootstrap's lock: one at a time, whatever was killed before. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { root } from './tree';

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lock-'));
  file = path.join(folder, 'lock');
});

afterEach(() => rmSync(folder, { recursive: true }));

test('many processes that want it at once get it one after another, and it is gone at the end', async () => {
  // Each appends "in", waits, appends "out": any overlap breaks the pattern.
  const work = `(async () => { log('in'); await new Promise((r) => setTimeout(r, 30)); log('out'); })()`;
  const ended = await Promise.all(Array.from({ length: 6 }, () => once(contender(work), 'exit')));
  expect(ended.map(([code]) => code)).toEqual([0, 0, 0, 0, 0, 0]);
  expect(readFileSync(path.join(folder, 'log'), 'utf8')).toBe('in\nout\n'.repeat(6));
  expect(existsSync(file)).toBe(false);
});

test('the lock of a killed holder is taken over', async () => {
  const holder = contender(`new Promise((r) => { log('held'); setTimeout(r, 60000); })`);
  await logged('held\n');
  holder.kill('SIGKILL');
  await once(holder, 'exit');
  expect(existsSync(file)).toBe(true);
  const [code] = await once(contender(`log('next')`), 'exit');
  expect([code, readFileSync(path.join(folder, 'log'), 'utf8')]).toEqual([0, 'held\nnext\n']);
});

test('a pid that is alive but was given to another process holds nothing', async () => {
  writeFileSync(file, JSON.stringify({ host: hostname(), pid: process.pid, started: 1 }));
  expect(await once(contender(`log('in')`), 'exit')).toEqual([0, null]);
});

test('one who waits says for whom, on stderr', async () => {
  const holder = contender(`new Promise((r) => { log('held'); setTimeout(r, 1500); })`);
  await logged('held\n');
  const waiter = contender(`log('next')`);
  let said = '';
  waiter.stderr?.on('data', (chunk) => {
    said += String(chunk);
  });
  await Promise.all([once(holder, 'exit'), once(waiter, 'close')]);
  expect(said).toBe(`holdfast: waiting for a test (process ${holder.pid})\n`);
});

/** The file is there a moment before its first line. */
async function logged(text: string): Promise<void> {
  const log = path.join(folder, 'log');
  while (!existsSync(log) || readFileSync(log, 'utf8') !== text) await new Promise((done) => setTimeout(done, 10));
}

/** A process that takes the lock, evaluates `work` and ends. */
function contender(work: string): ChildProcess {
  const lock = pathToFileURL(path.join(root, 'scripts/bootstrap/lock.mjs')).href;
  const code = `
    import { appendFileSync } from 'node:fs';
    import { withLock } from '${lock}';
    const log = (word) => appendFileSync(${JSON.stringify(path.join(folder, 'log'))}, word + '\\n');
    await withLock(${JSON.stringify(file)}, 'a test', async () => ${work});`;
  return spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: ['ignore', 'ignore', 'pipe'] });
}
