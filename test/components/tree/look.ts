/** An independent look at a tree: `find`, and Node's own calls; nothing of the code under test but the reading of attributes. */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs';
import { getXattr, listXattrs } from '../../../components/tree/native';

/** One line a thing: path, type, mode, owner, exact time, size, names, target, contents, attributes. */
export function lookAtTree(folder: string): string[] {
  const format = ['%P', '%y', '%m', '%U:%G', '%T@', '%l', '%n', '%D:%i'].join('\\001');
  const out = execFileSync('find', [folder, '-printf', `${format}\\0`], { encoding: 'latin1', maxBuffer: 2 ** 28 });
  const things = out
    .split('\0')
    .filter((line) => line !== '')
    .map((line) => line.split('\x01') as [string, string, string, string, string, string, string, string]);
  const firstNames = new Map<string, string>();
  const sorted = things.toSorted((a, b) => (a[0] < b[0] ? -1 : 1));
  return sorted.map(([relative, type, mode, owner, time, target, names, inode]) => {
    const full = Buffer.from(relative === '' ? folder : `${folder}/${relative}`, 'latin1');
    const sharedWith = type === 'f' && names !== '1' ? (firstNames.get(inode) ?? relative) : '';
    if (sharedWith !== '') firstNames.set(inode, sharedWith);
    const parts = [relative, type, mode, owner, time, target, sharedWith, contentsOf(full, type), attributesOf(full)];
    return parts.join(' | ');
  });
}

function contentsOf(full: Buffer, type: string): string {
  if (type !== 'f') return '';
  const bytes = fs.readFileSync(full);
  return `${bytes.length} ${createHash('sha256').update(bytes).digest('hex')}`;
}

function attributesOf(full: Buffer): string {
  const names = listXattrs(full);
  return names.map((name) => `${name}=${getXattr(full, name).toString('hex')}`).join(',');
}

/** KiB on disk. */
export function diskUse(file: string): number {
  return Math.ceil((fs.lstatSync(file).blocks * 512) / 1024);
}
