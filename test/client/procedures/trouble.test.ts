import { defaultPayloadConverter } from '@temporalio/common';
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

test('a replay that has waited long names its segment', async () => {
  const replaying = (waitedMs: number) => {
    const details = { waitingFor: '0000000100000000000000A7', waitedMs, ahead: 0 };
    const heartbeatDetails = { payloads: [defaultPayloadConverter.toPayload(details)] };
    return pending({ activityType: { name: 'replay' }, attempt: 1, heartbeatDetails });
  };
  expect(await replaying(200)).toBeUndefined();
  expect(await replaying(8000)).toBe('the replay waits for segment 0000000100000000000000A7');
});
