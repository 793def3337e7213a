/** The end of a procedure is told also where its worker is slow to answer, or gone. */
import { ApplicationFailure, CancelledFailure, TerminatedFailure } from '@temporalio/common';
import { resultOf } from '../../../client/procedures/result';
import { done, failure, fakeHandle } from './fake-handle';

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

test('a worker that misses the first question is asked again', async () => {
  const told = { ...done, status: 'aborted', bytes: 7 };
  const { fake, handle, ending } = fakeHandle();
  let asked = 0;
  fake.query = async () => {
    if (asked++ === 0) throw new Error('busy');
    return told;
  };
  ending.reject(failure(new CancelledFailure('aborted')));
  expect(await resultOf(handle)).toBe(told);
});

test('without a worker the server tells which backup it was, how it ended and how long it took', async () => {
  const { handle, ending } = fakeHandle();
  ending.reject(failure(new CancelledFailure('aborted')));
  const expected = { procedure: 'backup', backupId: 'sys_full_1', status: 'aborted', seconds: 9, receipt: null };
  expect(await resultOf(handle)).toMatchObject(expected);
});
