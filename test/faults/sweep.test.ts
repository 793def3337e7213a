import { sampleOf } from './kill-points';
import type { Moment } from './moments';
import { type SweepResult, sweep } from './sweep';
import { markdownTable, summaryOf } from './table';

const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? 7);
const parallelJobs = 2;
/** Steps where a kill is worst: the session is lost, bytes are half stored or half placed, a server is half replayed. */
const delicate = ['storeRun', 'closeSnapshot', 'sealBackup', 'placeRun', 'replay', 'dropSetAside'];

let swept: SweepResult;
beforeAll(async () => {
  const choose = (points: Moment[]) => {
    const worst = points.filter(({ activity }) => delicate.includes(activity));
    const chosen = new Set([...sampleOf(points, 1, seed), ...sampleOf(worst, 3, seed)]);
    return points.filter((point) => chosen.has(point));
  };
  swept = await sweep({ scale: 3, choose, restored: 1 });
  process.stdout.write(`\n${markdownTable(swept.rows)}\n\n${summaryOf(swept)}\n`);
}, 900_000);

test('whatever moment the worker is killed at, the procedure ends completed by itself and what it made is right', () => {
  expect(swept.rows.filter(({ fault }) => fault !== undefined)).toEqual([]);
  expect(swept.rows.filter(({ procedure }) => procedure === 'backup').length).toBeGreaterThanOrEqual(3);
  expect(swept.rows.filter(({ procedure }) => procedure === 'restore').length).toBeGreaterThanOrEqual(3);
});

test('identical bytes are stored twice in at most one pack per parallel job', () => {
  for (const { moment, packsTwice } of swept.rows) {
    expect({ moment, packsTwice: Math.max(0, packsTwice - parallelJobs) }).toEqual({ moment, packsTwice: 0 });
  }
});

test('what is known to be placed is not fetched again', () => {
  for (const { moment, placedAgain } of swept.rows) expect({ moment, placedAgain }).toEqual({ moment, placedAgain: 0 });
});

test('each procedure left one receipt and each backup one head, however often its steps were repeated', () => {
  const { all, backups } = swept.procedures;
  expect(swept.books).toEqual({ receipts: all, brokenReceipts: 0, completed: backups, strays: [] });
});

test('the moments come from what the procedures really called, every boundary of it', () => {
  // Each call is a boundary before and one after it.
  expect(swept.points.backup).toBeGreaterThan(2 * 12);
  expect(swept.points.restore).toBeGreaterThan(2 * 15);
});
