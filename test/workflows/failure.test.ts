import { ApplicationFailure } from '@temporalio/common';
import { reportOf } from '../../workflows/frame/failure';

test('the hints of a child procedure are told apart from what it says, once', () => {
  const ended = ApplicationFailure.nonRetryable('1 copy is missing\nhint: look\nhint: run it again', 'copies_missing');
  expect(reportOf(ended)).toMatchObject({ message: '1 copy is missing', hints: ['look', 'run it again'] });
});
