import type { ComponentSummary } from '../../../domain/backup';
import type { RunIndex, StoredPack } from '../../../domain/pack';
import type { StoredSlice, TreeEntry } from '../../../domain/tree';
import { StructureCheck } from '../../../domain/verification/structure';

const stamp = { ino: '1', mtimeNs: '0', ctimeNs: '0' };
const entry = (path: string, size: number, more: Partial<TreeEntry> = {}): TreeEntry => ({
  ...{ root: 'data', path, size, type: 'file', mode: 0o600, uid: 0, gid: 0 },
  ...{ ...stamp, ...more },
});
const slice = (path: string, at: number, length: number, more: Partial<StoredSlice> = {}): StoredSlice => ({
  ...{ root: 'data', path, offset: 0, at, length, sha256: '', crc32c: 0, outcome: 'ok' },
  ...more,
});
const pack = (number: number, bytes: number, ...slices: StoredSlice[]): StoredPack => ({
  ...{ pack: number, object: `p${number}`, storedBytes: bytes, sha256: '', bytes, contentMac: '', slices },
});
const run = (number: number, entries: TreeEntry[], packs: StoredPack[]): RunIndex => ({
  ...{ run: number, generation: 1, entries, packs },
});
const summary = (more: Partial<ComponentSummary> = {}): ComponentSummary => ({
  ...{ kind: 'files', runs: 1, packs: 1, files: 1, bytes: 10, storedBytes: 10, warnings: [] },
  ...more,
});

function look(
  indexes: RunIndex[],
  expected: Partial<ComponentSummary> = {},
): { problems: string[]; warnings: string[] } {
  const check = new StructureCheck(summary(expected));
  for (const index of indexes) check.add(index);
  const warnings = check.end();
  return { problems: check.problems, warnings };
}

const fine = { problems: [], warnings: [] };

test('what fits together has no problems: also a file over two runs, an empty, an inherited, a sparse and a shrunk one', () => {
  expect(look([run(0, [entry('a', 10)], [pack(0, 10, slice('a', 0, 10))])])).toEqual(fine);
  const first = run(0, [entry('a', 10)], [pack(0, 6, slice('a', 0, 6))]);
  const second = run(1, [], [pack(1, 4, slice('a', 0, 4, { offset: 6 }))]);
  expect(look([first, second], { runs: 2, packs: 2 })).toEqual(fine);
  const others = [
    entry('empty', 0),
    entry('old', 99, { inherits: true }),
    entry('holes', 99, { extents: [{ offset: 50, length: 4 }] }),
    entry('log', 99),
  ];
  const slices = [slice('holes', 0, 4, { offset: 50 }), slice('log', 4, 6, { outcome: 'shrunk' })];
  expect(look([run(0, others, [pack(0, 10, ...slices)])], { files: 4 })).toEqual(fine);
});

test.each([
  [
    'a file of which bytes are missing',
    run(0, [entry('a', 11)], [pack(0, 10, slice('a', 0, 10))]),
    /"a" has 11 bytes, of which 10/,
  ],
  ['bytes of no file', run(0, [entry('a', 0)], [pack(0, 10, slice('b', 0, 10))]), /none of the backup/],
  [
    'a pack that is not the sum of its slices',
    run(0, [entry('a', 9)], [pack(0, 10, slice('a', 0, 9))]),
    /10 bytes, its slices 9/,
  ],
  ['slices with a gap between them', run(0, [entry('a', 10)], [pack(0, 10, slice('a', 1, 10))]), /do not follow/],
  ['the index of another run', run(3, [entry('a', 10)], [pack(0, 10, slice('a', 0, 10))]), /says it is 3/],
])('%s', (_name, index, problem) => {
  expect(look([index]).problems.join()).toMatch(problem);
});

test('a database without what every database has', () => {
  const index = run(0, [entry('PG_VERSION', 10)], [pack(0, 10, slice('PG_VERSION', 0, 10))]);
  expect(look([index], { kind: 'postgres' }).problems).toEqual(['"global/pg_control" is missing']);
});

test('what only is counted otherwise is a warning', () => {
  const index = run(0, [entry('a', 10)], [pack(0, 10, slice('a', 0, 10))]);
  expect(look([index], { files: 2 })).toEqual({
    problems: [],
    warnings: ['the manifest counts 2 files, its indexes 1'],
  });
});
