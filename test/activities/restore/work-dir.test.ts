import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import {
  closeForPlacing,
  enterPlacing,
  enterWriting,
  makeWorkDir,
  openForPlacing,
  removeWorkDirs,
} from '../../../activities/restore/work-dir';

let folder: string;
let workDir: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'hf-work-'));
  workDir = path.join(folder, 'data.holdfast-1');
  makeWorkDir(workDir);
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function inActivity<T>(work: () => Promise<T>): Promise<T> {
  return new MockActivityEnvironment().run(work);
}

test('packs are placed from the first step on until the last, and not by who comes later', async () => {
  expect(() => enterPlacing(workDir)).toThrow(/is over/);
  openForPlacing(workDir);
  enterPlacing(workDir).leave();
  await inActivity(() => closeForPlacing(workDir));
  expect(() => enterPlacing(workDir)).toThrow(/is over/);
});

test('who began to place before the end is waited for', async () => {
  openForPlacing(workDir);
  const late = enterPlacing(workDir);
  let closed = false;
  const closing = inActivity(() => closeForPlacing(workDir)).then(() => {
    closed = true;
  });
  await new Promise((resolve) => setTimeout(resolve, 250));
  expect(closed).toBe(false);
  late.leave();
  await closing;
});

test('after the end of the restore nobody writes, and nothing is made beside the target again', () => {
  openForPlacing(workDir);
  removeWorkDirs([workDir]);
  expect(() => enterPlacing(workDir)).toThrow(/is over/);
  expect(() => enterWriting(workDir)).toThrow(/is over/);
  expect(existsSync(workDir)).toBe(false);
});
