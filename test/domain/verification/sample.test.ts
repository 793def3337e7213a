import { parseInstant } from '../../../domain/instant';
import { drawMoment } from '../../../domain/verification/moment';
import { samplingRules } from '../../../domain/verification/policy';
import { type Copied, chooseSample, newestElsewhere } from '../../../domain/verification/sample';
import { seeded } from '../../../domain/verification/seeded';

const made = (store: string, id: string, chain?: string[]): Copied => ({
  store,
  head: { id, startedAt: `2026-01-${id.slice(1)}T00:00:00Z`, ...(chain && { chain }) },
});
/** Two chains, of which the one that began first ended last; the second store lacks the newest. */
const hot = [
  made('hot', 'b01'),
  made('hot', 'b02'),
  made('hot', 'b03', ['b02']),
  made('hot', 'b04', ['b01']),
  made('hot', 'b05'),
];
const copies = [...hot, made('cold', 'b01'), made('cold', 'b04', ['b01'])];
const names = (rules: Parameters<typeof chooseSample>[1], seed = '1') =>
  chooseSample(copies, rules, seeded(seed)).map(({ store, backupId }) => `${store}/${backupId}`);

test('each rule takes what it says', () => {
  expect(names(['latest'])).toEqual(['hot/b05']);
  expect(names(['oldest-chain'])).toEqual(['hot/b04']);
  expect(names(['each-store'])).toEqual(['hot/b05', 'cold/b04']);
  expect(names(['random-time'])).toEqual([]);
  expect(chooseSample([], [...samplingRules], seeded('1'))).toEqual([]);
  expect(chooseSample([made('hot', 'b01')], ['oldest-chain'], seeded('1'))).toEqual([]);
});

test('a copy that several rules take is verified once', () => {
  expect(names(['latest', 'each-store'])).toEqual(['hot/b05', 'cold/b04']);
});

test('the same run takes the same again, and many runs take every copy', () => {
  expect(names(['random'], 'run')).toEqual(names(['random'], 'run'));
  const taken = new Set(Array.from({ length: 200 }, (_, run) => names(['random'], `run ${run}`)[0]));
  expect(taken.size).toBe(copies.length);
});

test('moments are drawn from the intervals, from longer ones more often, and never from a gap', () => {
  const short = { from: '2026-01-01T00:00:00.000000Z', to: '2026-01-01T01:00:00.000000Z' };
  const long = { from: '2026-01-02T00:00:00.000000Z', to: '2026-01-02T09:00:00.000000Z' };
  const drawn = Array.from({ length: 500 }, (_, run) =>
    parseInstant(String(drawMoment([short, long], seeded(`${run}`)))),
  );
  const inside = ({ from, to }: typeof short) =>
    drawn.filter((at) => at >= parseInstant(from) && at < parseInstant(to)).length;
  expect(inside(short) + inside(long)).toBe(500);
  expect(inside(short)).toBeGreaterThan(20);
  expect(inside(short)).toBeLessThan(100);
  expect(drawMoment([], seeded('1'))).toBeUndefined();
  expect(drawMoment([{ from: short.from, to: short.from }], seeded('1'))).toBe(short.from);
});

test('another site’s newest backup is taken, from the first store that has it', () => {
  const head = (site: string, id: string, more: object = {}) => ({
    ...{ id, site, startedAt: `2026-01-${id.slice(1)}T00:00:00Z`, status: 'completed', ...more },
  });
  const lists = [
    { store: 'hot', heads: [head('dc02', 'b01'), head('dc01', 'b09')] },
    { store: 'cold', heads: [head('dc02', 'b01'), head('dc03', 'b03'), head('dc02', 'b04', { status: 'expired' })] },
    { store: 'far', heads: [head('dc03', 'b03'), head('dc02', 'b05', { marks: {} })] },
  ] as Parameters<typeof newestElsewhere>[1];
  expect(newestElsewhere('dc01', lists)).toMatchObject({ id: 'b03', site: 'dc03', store: 'cold' });
  expect(newestElsewhere('dc03', lists)).toMatchObject({ id: 'b09', site: 'dc01', store: 'hot' });
  expect(newestElsewhere('dc01', [{ store: 'hot', heads: [] }])).toBeUndefined();
});
