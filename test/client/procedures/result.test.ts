/** The end of a procedure is told also where its worker is slow to answer, or gone. */
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { CancelledFailure, TypedSearchAttributes } from '@temporalio/common';
import { resultOf } from '../../../client/procedures/result';
import { attributes } from '../../../workflows/frame/attributes';

/** A handle of an aborted backup whose worker answers nothing. */
function aborted(): WorkflowHandle {
  const started = new Date('2026-11-01T00:00:00Z');
  return {
    workflowId: 'backup/sys/dc01',
    result: () =>
      Promise.reject(new WorkflowFailedError('cancelled', new CancelledFailure('x'), 'MAXIMUM_ATTEMPTS_REACHED')),
    query: () => Promise.reject(new Error('no worker')),
    describe: () =>
      Promise.resolve({
        type: 'backup',
        startTime: started,
        closeTime: new Date(started.getTime() + 2000),
        typedSearchAttributes: new TypedSearchAttributes([{ key: attributes.backup, value: 'sys_full_1' }]),
      }),
  } as unknown as WorkflowHandle;
}

test('a worker that misses the first question is asked again', async () => {
  const told = { procedure: 'backup', status: 'aborted', backupId: 'sys_full_1', bytes: 7 };
  const handle = aborted();
  let asked = 0;
  handle.query = () => (asked++ === 0 ? Promise.reject(new Error('busy')) : Promise.resolve(told)) as never;
  expect(await resultOf(handle)).toBe(told);
});

test('without a worker the server tells which backup it was, how it ended and how long it took', async () => {
  expect(await resultOf(aborted())).toMatchObject({
    procedure: 'backup',
    backupId: 'sys_full_1',
    status: 'aborted',
    seconds: 2,
    receipt: null,
  });
});
