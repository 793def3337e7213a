/** A tree with one of everything, and what the tests need to look at trees by themselves. */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setXattr } from '../../../components/tree/native';

export function temporaryFolder(): string {
  return fs.mkdtempSync(path.join(os.tmpdir(), 'holdfast-tree-'));
}

/** Also where a directory in it is closed to its owner. */
export function removeFolder(folder: string): void {
  execFileSync('chmod', ['-R', 'u+rwx', folder], { stdio: 'ignore' });
  fs.rmSync(folder, { recursive: true, force: true });
}

export const asRoot = process.getuid?.() === 0;

/** Names that are bytes: not UTF-8, a newline, quotes, 255 bytes. */
export const oddNames = {
  latin1: Buffer.from('caf\xe9.txt', 'latin1'),
  newline: Buffer.from('line\nbreak "quoted" \'and\' \\back'),
  longest: Buffer.from('n'.repeat(255)),
};

export function below(folder: string | Buffer, ...names: (string | Buffer)[]): Buffer {
  return Buffer.concat([Buffer.from(folder), ...names.flatMap((name) => [Buffer.from('/'), Buffer.from(name)])]);
}

export function bytes(length: number, seed = 1): Buffer {
  const made = Buffer.alloc(length);
  let state = seed >>> 0 || 1;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    made[at] = state >>> 24;
  }
  return made;
}

/** Writes a file of `size` that holds data only in the given stretches. */
export function writeSparse(file: string, size: number, stretches: [offset: number, length: number][]): void {
  const fd = fs.openSync(file, 'w');
  fs.ftruncateSync(fd, size);
  for (const [offset, length] of stretches) fs.writeSync(fd, bytes(length, offset + 7), 0, length, offset);
  fs.fsyncSync(fd);
  fs.closeSync(fd);
}

export const sparseSize = 3 * 1024 * 1024 + 17;

export function makeSampleTree(folder: string): void {
  const at = (...names: string[]): string => path.join(folder, ...names);
  for (const one of ['empty-dir', 'deep/er/est', 'a', 'closed']) fs.mkdirSync(at(one), { recursive: true });
  fs.writeFileSync(at('small.txt'), 'small\n');
  fs.writeFileSync(at('empty'), '');
  fs.writeFileSync(at('deep/er/est/big.bin'), bytes(2_500_000));
  // Before and after "a/": the order of names is not that of whole paths.
  fs.writeFileSync(at('a.txt'), 'a');
  fs.writeFileSync(at('a/inside'), 'inside');
  fs.writeFileSync(at('tool'), '#!/bin/sh\n');
  fs.chmodSync(at('tool'), 0o6755);
  fs.writeFileSync(at('read-only'), 'r');
  fs.chmodSync(at('read-only'), 0o400);
  fs.writeFileSync(at('closed/secret'), 's');
  fs.symlinkSync('small.txt', at('link-relative'));
  fs.symlinkSync('/nowhere/at/all', at('link-dangling'));
  fs.symlinkSync('/etc', at('link-absolute'));
  fs.linkSync(at('small.txt'), at('z-same-as-small'));
  fs.linkSync(at('small.txt'), at('deep/same-as-small'));
  execFileSync('mkfifo', [at('pipe')]);
  writeSparse(at('sparse-both-ends'), sparseSize, [[1024 * 1024, 8192]]);
  writeSparse(at('sparse-data-at-ends'), 2 * 1024 * 1024, [
    [0, 4096],
    [2 * 1024 * 1024 - 4096, 4096],
  ]);
  writeSparse(at('sparse-nothing'), 1024 * 1024, []);
  for (const name of Object.values(oddNames)) fs.writeFileSync(below(folder, name), name);
  setXattr(Buffer.from(at('small.txt')), 'user.origin', Buffer.from([0, 1, 2, 255]));
  setXattr(Buffer.from(at('a')), 'user.of-a-directory', Buffer.from('yes'));
  if (asRoot) {
    setXattr(Buffer.from(at('tool')), 'trusted.holdfast', Buffer.alloc(0));
    fs.chownSync(at('a.txt'), 65534, 65534);
    fs.lchownSync(at('link-dangling'), 12345, 54321);
    fs.chownSync(at('tool'), 12345, 54321);
    fs.chmodSync(at('tool'), 0o6755);
  }
  fs.chmodSync(at('closed'), 0o500);
  fs.chmodSync(at('empty-dir'), 0o1777);
  setOddTimes(folder);
}

/** Times with nanoseconds, some before 1970, some far ahead; directories last. */
function setOddTimes(folder: string): void {
  const date = (name: string, when: string): void => {
    execFileSync('touch', ['-h', '-d', when, path.join(folder, name)]);
  };
  date('small.txt', '2001-02-03T04:05:06.123456789Z');
  date('empty', '1969-07-20T20:17:40.000000001Z');
  date('link-dangling', '2010-10-10T10:10:10.999999999Z');
  date('pipe', '2011-11-11T11:11:11.111111111Z');
  date('deep/er/est', '2005-05-05T05:05:05.555555555Z');
  date('deep', '2004-04-04T04:04:04.444444444Z');
  date('empty-dir', '2037-12-31T23:59:59.987654321Z');
  date('closed', '2003-03-03T03:03:03.333333333Z');
  date('', '2002-02-02T02:02:02.222222222Z');
}
