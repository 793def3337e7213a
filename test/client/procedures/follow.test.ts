import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure, RetryState, TerminatedFailure } from '@temporalio/common';
import { follow } from '../../../client/procedures/follow';
import { resultOf } from '../../../client/procedures/result';
import type { ProcedureResult } from '../../../domain/progress';

const done: ProcedureResult = {
  procedure: 'backup',
  workflowId: 'backup/shop/dc01',
  status: 'completed',
  startedAt: '2026-01-01T00:00:00.000Z',
  endedAt: '2026-01-01T00:00:01.000Z',
  seconds: 1,
  receipt: 'receipts/1.json',
  warnings: [],
};

/** What a client sees of a workflow that ends when `end` is called. */
function fakeHandle(answers: Record<string, unknown> = {}) {
  const ending = Promise.withResolvers<ProcedureResult>();
  ending.promise.catch(() => undefined);
  const fake = {
    workflowId: done.workflowId,
    cancelled: 0,
    result: () => ending.promise,
    query: async (name: string) => {
      if (name in answers) return answers[name];
      throw new Error('no worker answers');
    },
    cancel: async () => void fake.cancelled++,
    describe: async () => ({
      type: 'backup',
      startTime: new Date('2026-01-01T00:00:00Z'),
      closeTime: new Date('2026-01-01T00:00:09Z'),
    }),
  };
  return { fake, handle: fake as unknown as WorkflowHandle, ending };
}

const failure = (cause: Error) => new WorkflowFailedError('failed', cause, RetryState.NON_RETRYABLE_FAILURE);

beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});
afterEach(() => jest.restoreAllMocks());

describe('how it ended', () => {
  test('completed', async () => {
    const { handle, ending } = fakeHandle();
    ending.resolve(done);
    expect(await resultOf(handle)).toEqual(done);
  });

  test('failed: the result travels in the failure', async () => {
    const { handle, ending } = fakeHandle();
    const result = { ...done, status: 'failed' as const };
    ending.reject(failure(ApplicationFailure.create({ message: 'x', type: 'store_full', details: [result] })));
    expect(await resultOf(handle)).toEqual(result);
  });

  test('failed before it could tell a result: code and hints of the failure', async () => {
    const { handle, ending } = fakeHandle();
    ending.reject(failure(ApplicationFailure.create({ message: 'full\nhint: make room', type: 'store_full' })));
    expect(await resultOf(handle)).toMatchObject({
      status: 'failed',
      seconds: 9,
      receipt: null,
      error: { code: 'store_full', message: 'full', hints: ['make room'] },
    });
  });

  test('aborted: what the workflow tells of itself, or at least that', async () => {
    const aborted = { ...done, status: 'aborted' as const };
    const answering = fakeHandle({ result: aborted });
    answering.ending.reject(failure(new CancelledFailure('aborted')));
    expect(await resultOf(answering.handle)).toEqual(aborted);
    const silent = fakeHandle();
    silent.ending.reject(failure(new CancelledFailure('aborted')));
    expect(await resultOf(silent.handle)).toMatchObject({ status: 'aborted', error: { code: 'aborted' } });
  });

  test('terminated: said plainly', async () => {
    const { handle, ending } = fakeHandle();
    ending.reject(failure(new TerminatedFailure('gone')));
    expect(await resultOf(handle)).toMatchObject({
      status: 'failed',
      error: { message: expect.stringContaining('nothing was put back') },
    });
  });
});

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
