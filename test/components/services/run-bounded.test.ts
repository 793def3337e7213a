import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { runBounded } from '../../../components/services/run-bounded';
import { scratch } from './scratch';

const folder = scratch();

test('exit code and both channels of output are told', async () => {
  const ended = await runBounded('/bin/sh', ['-c', 'echo out; echo err >&2; exit 7'], { timeoutMs: 10_000 });
  expect(ended).toEqual({ code: 7, output: 'out\nerr\n' });
});

test('a program that leaves a child with its output open is not waited for', async () => {
  const pidFile = join(folder, 'child');
  const ended = await runBounded('/bin/sh', ['-c', `sleep 60 & echo $! > ${pidFile}`], { timeoutMs: 10_000 });
  expect(ended.code).toBe(0);
  const child = Number(readFileSync(pidFile, 'utf8'));
  expect(() => process.kill(child, 0)).not.toThrow();
  process.kill(child);
});

test('a program that takes too long is killed with everything it started, even when it ignores TERM', async () => {
  const pidFile = join(folder, 'stubborn');
  const command = `trap '' TERM; sleep 60 & echo $! > ${pidFile}; echo begun; wait; sleep 60`;
  const ended = await runBounded('/bin/sh', ['-c', command], { timeoutMs: 300 });
  expect(ended).toEqual({ failure: 'did not end within 0.3 s', output: 'begun\n' });
  const child = Number(readFileSync(pidFile, 'utf8'));
  // A killed process takes a moment to leave.
  for (let tries = 0; tries < 100 && running(child); tries++) await delay(20);
  expect(running(child)).toBe(false);
});

test('an abort ends the program', async () => {
  const abort = new AbortController();
  const ended = runBounded('/bin/sh', ['-c', 'sleep 60'], { timeoutMs: 60_000, signal: abort.signal });
  abort.abort();
  expect((await ended).failure).toBe('was aborted');
});

test('a program that is not there is told', async () => {
  const ended = await runBounded(join(folder, 'nothing'), [], { timeoutMs: 1000 });
  expect(ended.failure).toMatch(/could not be started: .*ENOENT/);
});

test('of a kept log only what this run added is told', async () => {
  const logFile = join(folder, 'kept.log');
  await runBounded('/bin/echo', ['one'], { timeoutMs: 5000, logFile });
  const ended = await runBounded('/bin/echo', ['two'], { timeoutMs: 5000, logFile });
  expect(ended.output).toBe('two\n');
  expect(readFileSync(logFile, 'utf8')).toBe('one\ntwo\n');
});

/** A zombie that nobody has reaped yet no longer runs. */
function running(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}
