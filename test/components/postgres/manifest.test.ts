import { createHash } from 'node:crypto';
import { crc32c } from '@node-rs/crc32';
import { fileOfSlices, writeManifest } from '../../../components/postgres/manifest';
import type { StoredPack } from '../../../domain/pack';
import type { StoredSlice, TreeEntry, TreePath } from '../../../domain/tree';

const facts = {
  versionNum: 180004,
  systemIdentifier: '7412345678901234567',
  timeline: 3,
  startLsn: '1/28',
  stopLsn: '1/5000',
};
const bytes = Buffer.from('0123456789');

function entry(root: string, path: TreePath, size: number): TreeEntry {
  const times = { mtimeNs: '1767225600999999999', ctimeNs: '1767225600000000000' };
  return { root, path, size, type: 'file', mode: 0o600, uid: 1, gid: 1, ino: '1', ...times };
}

function slice(
  root: string,
  path: TreePath,
  from: number,
  to: number,
  outcome: StoredSlice['outcome'] = 'ok',
): StoredSlice {
  const part = bytes.subarray(from, to);
  const sha256 = createHash('sha256').update(part).digest('hex');
  return { root, path, offset: from, length: part.length, at: 0, sha256, crc32c: crc32c(part), outcome };
}

const packs = (...slices: StoredSlice[]) => [{ slices }] as StoredPack[];

async function manifest(runs: { entries: TreeEntry[]; packs: StoredPack[] }[], of = facts): Promise<string> {
  let text = '';
  for await (const part of writeManifest({ facts: of, runs, generated: [] })) text += part;
  return text;
}

test('version 2 names the system as a number, and the checksum covers all but the last line', async () => {
  const text = await manifest([{ entries: [entry('data', 'a', 10)], packs: packs(slice('data', 'a', 0, 10)) }]);
  expect(text).toMatch('"PostgreSQL-Backup-Manifest-Version": 2,\n"System-Identifier": 7412345678901234567,\n');
  const [all = '', last] = text.split(/(?="Manifest-Checksum")/);
  expect(last).toBe(`"Manifest-Checksum": "${createHash('sha256').update(all).digest('hex')}"}\n`);
  const { Files: files, 'WAL-Ranges': ranges } = JSON.parse(text);
  expect(ranges).toEqual([{ Timeline: 3, 'Start-LSN': '1/28', 'End-LSN': '1/5000' }]);
  expect(files).toEqual([
    {
      ...{ Path: 'a', Size: 10, 'Last-Modified': '2026-01-01 00:00:00 GMT', 'Checksum-Algorithm': 'SHA256' },
      Checksum: createHash('sha256').update(bytes).digest('hex'),
    },
  ]);
});

test('version 1, up to PostgreSQL 16, names no system', async () => {
  const text = await manifest([], { ...facts, versionNum: 160009 });
  expect(JSON.parse(text)).toMatchObject({ 'PostgreSQL-Backup-Manifest-Version': 1, Files: [] });
  expect(text).not.toMatch('System-Identifier');
});

test('slices over several runs, tablespaces and names that are not UTF-8', async () => {
  const odd: TreePath = { b64: Buffer.from([0x61, 0xff]).toString('base64') };
  const text = await manifest([
    { entries: [entry('data', odd, 10), entry('16385', 'PG_18_1/5/7', 0)], packs: packs(slice('data', odd, 4, 10)) },
    { entries: [], packs: packs(slice('data', odd, 0, 4)) },
  ]);
  const sum = Buffer.alloc(4);
  sum.writeUInt32LE(crc32c(bytes));
  expect(JSON.parse(text).Files).toEqual([
    expect.objectContaining({ Path: 'pg_tblspc/16385/PG_18_1/5/7', Size: 0 }),
    expect.objectContaining({
      'Encoded-Path': '61ff',
      Size: 10,
      'Checksum-Algorithm': 'CRC32C',
      Checksum: sum.toString('hex'),
    }),
  ]);
});

test('a file that shrank ends where it did, one that vanished is not there', async () => {
  const shrunk = [slice('data', 'a', 0, 3), { ...slice('data', 'a', 3, 5, 'shrunk') }, slice('data', 'a', 8, 10)];
  expect(fileOfSlices(shrunk)).toEqual({ size: 5, crc32c: crc32c(bytes.subarray(0, 5)) });
  const gone = [slice('data', 'b', 0, 0, 'vanished'), slice('data', 'b', 5, 5, 'vanished')];
  expect(fileOfSlices(gone)).toBeUndefined();
  const text = await manifest([
    { entries: [entry('data', 'a', 10), entry('data', 'b', 10)], packs: packs(...shrunk, ...gone) },
  ]);
  expect(JSON.parse(text).Files).toEqual([expect.objectContaining({ Path: 'a', Size: 5 })]);
});
