import { defaultPayloadConverter } from '@temporalio/common';
import { judge } from '../../../client/procedures/shipper-state';

const now = 1_700_000_000_000;
const pending = (more: object) =>
  [{ activityType: { name: 'receiveWal' }, state: 2, ...more }] as Parameters<typeof judge>[0];
const beat = (secondsAgo: number, details: object) => ({
  lastHeartbeatTime: { seconds: now / 1000 - secondsAgo },
  heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(details)] },
});
const streaming = { state: 'streaming' };

test.each([
  ['one whose receiver lives', pending(beat(1, streaming)), { state: 'streaming' }],
  ['one whose worker died a moment ago', pending(beat(60, streaming)), { state: 'starting' }],
  ['one that connects', pending(beat(1, { state: 'connecting' })), { state: 'starting' }],
  [
    'one that cannot connect',
    pending(beat(1, { state: 'connecting', trouble: 'no connection' })),
    { state: 'failing', message: 'no connection' },
  ],
  ['one that no worker took up', pending({ state: 1 }), { state: 'starting' }],
  [
    'one that is tried again',
    pending({ state: 1, lastFailure: { message: 'no connection' } }),
    { state: 'failing', message: 'no connection' },
  ],
  ['one between two tries', [], { state: 'failing', message: 'it waits before it tries again' }],
])('%s', (_, activities, expected) => {
  expect(judge(activities, now)).toEqual(expected);
});
