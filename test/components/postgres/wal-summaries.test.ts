import { ChangedBlocks } from '../../../components/postgres/wal-summaries';
import { blockBytes } from '../../../domain/blocks';
import type { TreeEntry } from '../../../domain/tree';

const segmentBlocks = 10;
const file = (path: string, blocks: number, root = 'data') => ({ root, path, size: blocks * blockBytes }) as TreeEntry;
const blocks = (...ranges: [first: number, count: number][]) =>
  ranges.map(([first, count]) => ({ offset: first * blockBytes, length: count * blockBytes }));

const range = (space: string, database: string, relation: string, first: number, count: number | null) => ({
  ...{ space, database, relation, first, count },
});
const changes = new ChangedBlocks(
  [
    range('1663', '5', '100', 2, 3),
    range('1663', '5', '100', 8, 5), // into its second segment
    range('1663', '5', '200', 4, null), // cut off at block 4
    range('1663', '5', '200', 6, 1),
    range('1664', '0', '1262', 0, 1),
    range('700', '5', '300', 1, 1),
    range('1663', '9', '0', 0, null), // a database made by copying files
  ],
  segmentBlocks,
);

test('blocks of the first and of a later file of a relation', () => {
  expect(changes.of(file('base/5/100', 10), 10 * blockBytes)).toEqual(blocks([2, 3], [8, 2]));
  expect(changes.of(file('base/5/100.1', 6), 6 * blockBytes)).toEqual(blocks([0, 3]));
});

test('a relation that no summary names did not change', () => {
  expect(changes.of(file('base/5/101', 3), 3 * blockBytes)).toEqual([]);
});

test('what the file has grown by is new, whether the WAL tells of it or not', () => {
  expect(changes.of(file('base/5/101', 5), 3 * blockBytes)).toEqual(blocks([3, 2]));
  expect(changes.of(file('base/5/101', 5), 3 * blockBytes + 100)).toEqual(blocks([3, 2]));
});

test('everything behind a truncation is new, and what was cut off is not asked for', () => {
  expect(changes.of(file('base/5/200', 8), 8 * blockBytes)).toEqual(blocks([4, 4]));
  expect(changes.of(file('base/5/200', 3), 8 * blockBytes)).toEqual([]);
});

test('shared relations, and tablespaces inside and outside the data directory', () => {
  expect(changes.of(file('global/1262', 1), blockBytes)).toEqual(blocks([0, 1]));
  expect(changes.of(file('PG_18_1/5/300', 3, '700'), 3 * blockBytes)).toEqual(blocks([1, 1]));
  expect(changes.of(file('pg_tblspc/700/PG_18_1/5/300', 3), 3 * blockBytes)).toEqual(blocks([1, 1]));
  expect(changes.of(file('PG_18_1/5/300', 3, '701'), 3 * blockBytes)).toEqual([]);
});

test.each([
  ['base/5/100_fsm'],
  ['base/5/100_vm'],
  ['base/5/100_init'],
  ['pg_xact/0000'],
  ['global/pg_filenode.map'],
  ['base/9/100'], // of the copied database
])('no answer for %s', (path) => {
  expect(changes.of(file(path, 1), blockBytes)).toBeUndefined();
});
