/** The command that a server runs for each file, by a real shell. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { awaitedIn, feedCommand, lastAsked, putFeedCommand } from '../../../../components/postgres/wal/feed-command';
import { SpoolFiles } from '../../../../components/postgres/wal/spool-files';
import { until } from './shipping';

const dir = mkdtempSync(path.join(tmpdir(), 'hf-feed-'));
const spool = path.join(dir, `a 'b' "c" $d 100%`);
const segment = (n: number) => `0000000100000000000000${String(n).padStart(2, '0')}`;
const data = path.join(dir, 'data');

beforeAll(async () => {
  mkdirSync(data);
  writeFileSync(path.join(data, 'postmaster.pid'), `${process.pid}\n`);
  const files = await SpoolFiles.open(spool);
  await putFeedCommand(files, [{ name: segment(1) }, { name: segment(2) }]);
  await files.put(segment(1), 'one');
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** As the server runs it: in its data directory, the place of the file relative to that. */
function ask(name: string, to = 'out'): ChildProcess {
  const command = feedCommand(spool).replaceAll(
    /%([fp%])/g,
    (_, one: string) => ({ f: name, p: to, '%': '%' })[one] ?? '',
  );
  return spawn('/bin/sh', ['-c', command], { cwd: data, stdio: 'ignore' });
}

async function status(child: ChildProcess): Promise<number> {
  const [code] = (await once(child, 'exit')) as [number];
  return code;
}

test('a file that is there is copied at once, and the feed sees which', async () => {
  expect(await status(ask(segment(1)))).toBe(0);
  expect(readFileSync(path.join(data, 'out'), 'utf8')).toBe('one');
  expect(lastAsked(spool)).toBe(segment(1));
});

test('a file that no plan names does not exist, and moves nothing', async () => {
  expect(await status(ask(segment(3)))).toBe(1);
  expect(await status(ask('00000002.history'))).toBe(1);
  expect(lastAsked(spool)).toBe(segment(1));
});

test('a planned file is waited for, by name', async () => {
  const waiting = ask(segment(2), 'second');
  await until('asked', () => awaitedIn(spool) === segment(2));
  expect(waiting.exitCode).toBeNull();
  await (await SpoolFiles.open(spool)).put(segment(2), 'two');
  expect(await status(waiting)).toBe(0);
  expect(awaitedIn(spool)).toBeUndefined();
  expect(readFileSync(path.join(data, 'second'), 'utf8')).toBe('two');
  rmSync(path.join(spool, segment(2)));
});

test('a file that is there and cannot be copied stops the server instead of ending its recovery', async () => {
  expect(await status(ask(segment(1), 'no/such/folder'))).toBeGreaterThan(125);
});

test('without a plan, and without a server, nobody waits', async () => {
  writeFileSync(path.join(data, 'postmaster.pid'), '99999999\n');
  expect(await status(ask(segment(2)))).toBeGreaterThan(125);
  rmSync(path.join(spool, '.plan'));
  expect(await status(ask(segment(2)))).toBeGreaterThan(125);
  expect(existsSync(path.join(data, 'out'))).toBe(true);
});
