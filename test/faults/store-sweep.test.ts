/** A sample of `npm run soak:store`, which comes at every request. */
import { storeFaults } from '../support/faulty-s3';
import { sampleOf } from './kill-points';
import { type Disturbed, StoreSweep, swept } from './store-sweep';

const seed = Number(process.env['HOLDFAST_TEST_SEED'] ?? 7);
/** Two attempts of seven seconds each: one of them is enough here. */
const quick = storeFaults.filter((fault) => fault !== 'timeout');
const each = 2;

let sweep: StoreSweep;
const rows: Disturbed[] = [];

beforeAll(async () => {
  sweep = await StoreSweep.create();
  const positions = await sweep.positions();
  for (const procedure of swept) {
    const all = Array.from({ length: positions[procedure] }, (_, at) => at + 1);
    for (const [at, nth] of sampleOf(all, each, seed).entries()) {
      const fault = quick[(at + procedure.length) % quick.length] as (typeof quick)[number];
      rows.push(await sweep.disturb(procedure, fault, nth));
    }
  }
  rows.push(await sweep.disturb('backup', 'timeout', Math.ceil(positions.backup / 2)));
}, 300_000);
afterAll(() => sweep?.destroy());

test('whatever goes wrong at the store, a procedure completes rightly, or fails loudly and leaves nothing', () => {
  expect(rows.filter(({ wrong }) => wrong !== undefined)).toEqual([]);
  expect(rows.filter(({ at }) => at === 'never')).toEqual([]);
  expect(rows).toHaveLength(each * swept.length + 1);
});

test('every backup that completed is whole, and the books are right', async () => {
  const verified = await sweep.verifyAll();
  expect(verified.length).toBeGreaterThan(each);
  expect(verified.filter(({ status }) => status !== 'completed')).toEqual([]);
  const backups = rows.filter(({ procedure }) => procedure === 'backup' || procedure === 'differential');
  const failed = backups.filter(({ outcome }) => outcome === 'failed').length;
  const { brokenReceipts, strays } = await sweep.books();
  expect({ brokenReceipts, strays: strays.length }).toEqual({ brokenReceipts: 0, strays: failed });
}, 120_000);

test('by a clock that is six minutes wrong nothing expires and nothing goes; by the right one all of it does', async () => {
  const { result, before, after } = await sweep.retainAhead(6 * 60_000);
  expect(result).toMatchObject({ status: 'failed', error: { code: 'clocks_disagree' } });
  expect(before).toContain('expired');
  expect(after).toBe(before);
  expect(await sweep.retainAhead(0)).toMatchObject({ result: { status: 'completed' }, after: 'expired completed' });
}, 120_000);
