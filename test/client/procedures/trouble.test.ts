import { troubleOf } from '../../../client/procedures/trouble';
import { fakeHandle } from './fake-handle';

const pending = async (...activities: object[]) => {
  const { fake, handle } = fakeHandle();
  fake.pending = activities;
  return troubleOf(handle);
};

test('nothing while everything runs at its first try', async () => {
  expect(await pending()).toBeUndefined();
  expect(await pending({ activityType: { name: 'storeRun' }, attempt: 1 })).toBeUndefined();
});

test('what failed, in one line', async () => {
  const lastFailure = { message: 'the store hot cannot be reached\nhint: look at it' };
  expect(
    await pending(
      { activityType: { name: 'a' }, attempt: 1 },
      { activityType: { name: 'storeRun' }, attempt: 3, lastFailure },
    ),
  ).toBe('store run is tried again: the store hot cannot be reached');
});

test('a worker that died', async () => {
  const lastFailure = { message: 'activity Heartbeat timeout', timeoutFailureInfo: {} };
  const told = await pending({ activityType: { name: 'placeRun' }, attempt: 2, lastFailure });
  expect(told).toBe('place run is tried again: its worker gave no sign of life');
});
