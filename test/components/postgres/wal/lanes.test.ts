import { setTimeout as sleep } from 'node:timers/promises';
import { Lanes, type RetryOptions } from '../../../../components/postgres/wal/lanes';

function lanes(width: number, options: Partial<RetryOptions> = {}) {
  const told: unknown[] = [];
  const signal = new AbortController().signal;
  const made = new Lanes(width, { signal, isFatal: () => false, onFailure: (error) => told.push(error), ...options });
  return { made, told };
}

function failing(times: number): () => Promise<string> {
  let calls = 0;
  return async () => {
    if (calls++ < times) throw new Error(`failure ${calls}`);
    return 'done';
  };
}

test('as many failures as there are retries are met in silence, the next is told, and it goes on', async () => {
  const { made, told } = lanes(1, { retries: 2, retryDelayMs: 1 });
  expect(await made.run(failing(2))).toBe('done');
  expect(told).toEqual([]);
  expect(await made.run(failing(4))).toBe('done');
  expect(told).toEqual([new Error('failure 3'), new Error('failure 4')]);
});

test('failures that take long are no hiccup: they are told however few they are', async () => {
  let clock = 0;
  const { made, told } = lanes(1, { retries: 3, retryDelayMs: 1, now: () => clock });
  const slow = failing(2);
  const unanswered = async () => {
    clock += 7000;
    return await slow();
  };
  expect(await made.run(unanswered)).toBe('done');
  expect(told).toEqual([new Error('failure 2')]);
});

test('a fatal failure is not tried again', async () => {
  const { made } = lanes(1, { retries: 2, retryDelayMs: 1, isFatal: () => true });
  await expect(made.run(failing(1))).rejects.toThrow('failure 1');
  expect(made.free).toBe(true);
});

test('never more at once than there are lanes, in the order they came; a lane that is handed over is not free', async () => {
  const { made } = lanes(2);
  const [order, running, frees]: [number[], { now: number; most: number }, boolean[]] = [[], { now: 0, most: 0 }, []];
  const work = (n: number) => async () => {
    order.push(n);
    running.most = Math.max(running.most, ++running.now);
    await sleep(2);
    running.now--;
    frees.push(made.free);
  };
  expect(made.free).toBe(true);
  await Promise.all([1, 2, 3, 4, 5, 6].map((n) => made.run(work(n))));
  expect(order).toEqual([1, 2, 3, 4, 5, 6]);
  expect(running.most).toBe(2);
  expect(frees.slice(0, 4)).toEqual([false, false, false, false]);
  expect(made.free).toBe(true);
});
