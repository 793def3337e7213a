import { patiently } from '../../activities/patiently';
import { HoldfastError } from '../../domain/errors';

const never = new AbortController().signal;

function failing(times: number, error: Error): { calls: number; work: () => Promise<string> } {
  const attempt = {
    calls: 0,
    work: async () => {
      if (attempt.calls++ < times) throw error;
      return 'done';
    },
  };
  return attempt;
}

test('what may pass is tried again until it has', async () => {
  const attempt = failing(1, new HoldfastError('store_unavailable', 'the store is away'));
  expect(await patiently(never, attempt.work)).toBe('done');
  expect(attempt.calls).toBe(2);
});

test.each([
  ['an error that stays', new HoldfastError('store_full', 'the store is full')],
  ['an error that nobody foresaw', new Error('unforeseen')],
])('%s is told at once', async (_what, error) => {
  const attempt = failing(9, error);
  await expect(patiently(never, attempt.work)).rejects.toBe(error);
  expect(attempt.calls).toBe(1);
});

test('an abort ends the waiting', async () => {
  const attempt = failing(99, new HoldfastError('store_unavailable', 'the store is away'));
  const stop = new AbortController();
  const trying = patiently(stop.signal, attempt.work);
  stop.abort(new Error('aborted'));
  await expect(trying).rejects.toThrow(/abort/i);
  const calls = attempt.calls;
  await new Promise((go) => setTimeout(go, 700));
  expect(attempt.calls).toBe(calls);
});
