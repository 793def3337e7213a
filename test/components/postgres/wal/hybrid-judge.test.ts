import { HybridJudge } from '../../../../components/postgres/wal/hybrid-judge';

const options = { thresholdMs: 100, calmMs: 1000 };

/** Asked every 100 ms with these waits; what is wanted is done at once. Returns when commits waited, in asks. */
function run(judge: HybridJudge, waits: number[], state = { now: 0, waiting: false }): string {
  return waits
    .map((wait) => {
      state.now += 100;
      state.waiting = judge.judge(state.now, wait, state.waiting);
      return state.waiting ? 'w' : '-';
    })
    .join('');
}

const times = (count: number, wait: number) => Array.from({ length: count }, () => wait);

test('commits wait when all has been well for as long as it takes', () => {
  expect(run(new HybridJudge(options), times(13, 10))).toBe('----------www');
});

test('one wait above the threshold lets them go at once; one up to it does not', () => {
  const judge = new HybridJudge(options);
  expect(run(judge, [...times(12, 10), 100, 101, 10])).toBe('----------www--');
});

test('to come back it must be better than what is enough to stay', () => {
  expect(run(new HybridJudge(options), [...times(10, 60), ...times(11, 40)])).toBe(`${'-'.repeat(20)}w`);
  expect(run(new HybridJudge(options), [...times(9, 10), 60, ...times(11, 10)])).toBe(`${'-'.repeat(20)}w`);
});

test('attempts that end soon are made ever more seldom, and as before when one has lasted', () => {
  const judge = new HybridJudge(options);
  const state = { now: 0, waiting: false };
  const until = (waits: number[]) => run(judge, waits, state).indexOf('w');
  expect(until([...times(11, 0)])).toBe(10);
  expect(until([200, ...times(30, 0)])).toBe(21); // twice as long
  expect(until([200, ...times(60, 0)])).toBe(41); // and again
  run(judge, times(600, 0), state); // a minute of waiting
  expect(until([200, ...times(30, 0)])).toBe(11);
});

test('nothing that is shipped at all is no better than a store that is too slow', () => {
  const judge = new HybridJudge(options);
  const state = { now: 0, waiting: false };
  run(judge, times(11, 0), state);
  expect(state.waiting).toBe(true);
  expect(run(judge, [Number.POSITIVE_INFINITY], state)).toBe('-');
});

test('while the server is out of reach commits wait on: that is one relapse, however often it is asked about', () => {
  const judge = new HybridJudge(options);
  const state = { now: 0, waiting: false };
  run(judge, times(11, 0), state);
  for (let asked = 0; asked < 50; asked++) {
    state.now += 100;
    expect(judge.judge(state.now, 200, true)).toBe(false);
  }
  state.waiting = false;
  expect(run(judge, times(30, 0), state).indexOf('w')).toBe(20);
});
