import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { RetryState, TypedSearchAttributes } from '@temporalio/common';
import type { ProcedureResult } from '../../../domain/progress';
import { attributes } from '../../../workflows/frame/attributes';

export const done: ProcedureResult = {
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
export function fakeHandle(answers: Record<string, unknown> = {}) {
  const ending = Promise.withResolvers<ProcedureResult>();
  ending.promise.catch(() => undefined);
  const fake = {
    workflowId: done.workflowId,
    cancelled: 0,
    pending: [] as unknown[],
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
      typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.backup, value: 'sys_full_1' }]),
      raw: { pendingActivities: fake.pending },
    }),
  };
  return { fake, handle: fake as unknown as WorkflowHandle, ending };
}

export const failure = (cause: Error) => new WorkflowFailedError('failed', cause, RetryState.NON_RETRYABLE_FAILURE);
