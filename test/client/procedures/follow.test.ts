import { CancelledFailure } from '@temporalio/common';
import { follow } from '../../../client/procedures/follow';
import { done, failure, fakeHandle } from './fake-handle';

beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => jest.restoreAllMocks());

describe('Ctrl-C where nobody can be asked', () => {
  test('the first one aborts in order, and the end is waited for', async () => {
    const { fake, handle, ending } = fakeHandle();
    const followed = follow(handle);
    process.emit('SIGINT');
    await new Promise((resolve) => setImmediate(resolve));
    expect(fake.cancelled).toBe(1);
    ending.reject(failure(new CancelledFailure('aborted')));
    expect(await followed).toMatchObject({ status: 'aborted' });
  });

  test('the second one leaves at once', async () => {
    const { fake, handle } = fakeHandle();
    const followed = follow(handle);
    process.emit('SIGINT');
    process.emit('SIGINT');
    expect(await followed).toBe('left');
    expect(fake.cancelled).toBe(1);
  });

  test('after the end nobody listens any more', async () => {
    const before = process.listenerCount('SIGINT');
    const { handle, ending } = fakeHandle();
    const followed = follow(handle);
    expect(process.listenerCount('SIGINT')).toBe(before + 1);
    ending.resolve(done);
    await followed;
    expect(process.listenerCount('SIGINT')).toBe(before);
  });
});

test('what is being tried again is told once, and once more after it had gone', async () => {
  jest.useFakeTimers({ doNotFake: ['setImmediate', 'nextTick', 'queueMicrotask'] });
  const { fake, handle, ending } = fakeHandle({
    progress: { state: 'in_progress', done: {}, total: {}, warnings: [] },
  });
  const said = () => jest.mocked(process.stderr.write).mock.calls.filter(([line]) => String(line).includes('again'));
  const pass = async () => {
    await jest.advanceTimersByTimeAsync(4000);
  };
  const trouble = [{ activityType: { name: 'storeRun' }, attempt: 2, lastFailure: { message: 'no such bucket' } }];
  const followed = follow(handle);
  await pass();
  expect(said()).toEqual([]);
  for (const pending of [trouble, trouble, [], trouble]) {
    fake.pending = pending;
    await pass();
  }
  expect(said().map(([line]) => line)).toEqual(
    Array(2).fill(expect.stringContaining('store run is tried again: no such bucket')),
  );
  ending.resolve(done);
  await followed;
  jest.useRealTimers();
});
