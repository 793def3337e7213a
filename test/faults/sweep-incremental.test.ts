/** The kill sweep over backups that build upon each other, made under load, and over the restore of such a chain. */
import { sampleOf } from './kill-points';
import type { Moment } from './moments';
import { type SweepResult, sweep } from './sweep';
import { markdownTable, summaryOf } from './table';

const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? 11);
/** Where a chain is another than a full backup: what changed is planned and compared, what counts is decided and placed. */
const delicate = ['planComponent', 'storeRun', 'prepareTree', 'placeRun'];

let swept: SweepResult;
beforeAll(async () => {
  const choose = (points: Moment[]) =>
    sampleOf(
      points.filter(({ activity }) => delicate.includes(activity)),
      3,
      seed,
    );
  swept = await sweep({ scale: 2, type: 'incremental', choose, restored: 1 });
  process.stdout.write(`\n${markdownTable(swept.rows)}\n\n${summaryOf(swept)}\n`);
}, 900_000);

test('whatever moment the worker is killed at, the chain goes on and comes back right', () => {
  expect(swept.rows.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(swept.rows.map(({ procedure }) => procedure).toSorted()).toEqual([
    ...Array(3).fill('backup'),
    ...Array(3).fill('restore'),
  ]);
});

test('what was stored is not stored again, what is placed is not fetched again', () => {
  for (const { packsTwice, placedAgain } of swept.rows) {
    expect(packsTwice).toBeLessThanOrEqual(2);
    expect(placedAgain).toBe(0);
  }
});
