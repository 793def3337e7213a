/** The demo's tree of configuration: made, damaged, and judged file by file with everything a restore must bring back. */
import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

const branches = 40;

export function makeTree(folder: string): void {
  mkdirSync(path.join(folder, 'branches'), { recursive: true });
  for (let branch = 1; branch <= branches; branch++) {
    const lines = [`number = ${branch}`, `opens = 0${7 + (branch % 3)}:30`, `vault = "${'#'.repeat(branch)}"`];
    writeFileSync(path.join(folder, 'branches', `branch-${branch}.conf`), `${lines.join('\n')}\n`);
  }
  writeFileSync(path.join(folder, 'teller.key'), createHash('sha256').update(folder).digest('hex'), { mode: 0o600 });
  writeFileSync(path.join(folder, 'end-of-day'), '#!/bin/sh\nexec true\n');
  chmodSync(path.join(folder, 'end-of-day'), 0o750);
  symlinkSync('branches/branch-1.conf', path.join(folder, 'head-office.conf'));
}

/** Overwrites, deletes, forges and opens to everybody; returns how many files it touched. */
export function damageTree(folder: string): number {
  const files = readdirSync(path.join(folder, 'branches')).sort();
  for (const [at, name] of files.entries()) {
    const file = path.join(folder, 'branches', name);
    if (at % 3 === 0) rmSync(file);
    else if (at % 3 === 1) writeFileSync(file, 'vault = open\n');
  }
  chmodSync(path.join(folder, 'teller.key'), 0o666);
  writeFileSync(path.join(folder, 'ransom.txt'), 'pay\n');
  return files.filter((_, at) => at % 3 !== 2).length + 2;
}

/** One line for each entry: kind, mode, owner, time in nanoseconds, and what is in it. Equal trees have equal lines. */
export function fingerprint(folder: string): string[] {
  return ['.', ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort()].map((name) => {
    const place = path.join(folder, name);
    const { mode, uid, gid, mtimeNs } = lstatSync(place, { bigint: true });
    return [name, mode.toString(8), uid, gid, mtimeNs, contentOf(place)].join(' ');
  });
}

function contentOf(place: string): string {
  const stat = lstatSync(place);
  if (stat.isSymbolicLink()) return readlinkSync(place);
  return stat.isFile() ? createHash('sha256').update(readFileSync(place)).digest('hex') : '';
}
