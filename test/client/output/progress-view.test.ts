import { LineView } from '../../../client/output/progress-view';
import type { ProcedureProgress } from '../../../domain/progress';

const base: ProcedureProgress = {
  procedure: 'backup',
  state: 'in_progress',
  steps: [],
  done: { bytes: 0, packs: 0 },
  total: { bytes: 0, packs: 0 },
  warnings: [],
};

function view(label = '') {
  const lines: string[] = [];
  let now = 1_000_000;
  const shown = new LineView(
    label,
    (line) => lines.push(line),
    () => now,
  );
  return { lines, shown, later: (ms: number) => (now += ms) };
}

test('a line at each new step, none for the same step again until a while later', () => {
  const { lines, shown, later } = view();
  shown.show({ ...base, step: 'plan' });
  shown.show({ ...base, step: 'plan' });
  later(10_000);
  shown.show({ ...base, step: 'plan' });
  shown.show({ ...base, step: 'store' });
  expect(lines).toEqual(['plan', 'plan', 'store']);
});

test('done and total, rate and time left, where they are known', () => {
  const { lines, shown } = view('dc01');
  const total = { bytes: 4 * 2 ** 30, packs: 128 };
  shown.show({
    ...base,
    step: 'store',
    total,
    done: { bytes: 2 ** 30, packs: 32 },
    bytesPerSecond: 2 ** 28,
    etaSeconds: 12,
  });
  expect(lines).toEqual(['dc01: store  1.0 GiB of 4.0 GiB, 32 of 128 packs, 256.0 MiB/s, 12s left']);
});

test('amounts of a step that is over are not told with the next', () => {
  const { lines, shown } = view();
  const all = { bytes: 2 ** 30, packs: 32 };
  shown.show({ ...base, step: 'seal', total: all, done: all, bytesPerSecond: 5 });
  expect(lines).toEqual(['seal']);
});

test('what the operator should know is said once', () => {
  const { lines, shown } = view();
  shown.show({ ...base, message: 'waiting for the store' });
  shown.show({ ...base, message: 'waiting for the store' });
  expect(lines).toEqual(['waiting for the store']);
});
