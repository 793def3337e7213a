import { defaultPayloadConverter } from '@temporalio/common';
import { withStream } from '../../../client/procedures/stream-progress';
import type { ProcedureProgress } from '../../../domain/progress';
import { fakeHandle } from './fake-handle';

const progress = (step: string): ProcedureProgress => ({
  ...{ procedure: 'backup', state: 'in_progress', step, steps: [], warnings: [] },
  ...{ done: { bytes: 0, packs: 0 }, total: { bytes: 0, packs: 0 } },
});
const beating = (details: unknown) => ({
  activityType: { name: 'storeStream' },
  heartbeatDetails: { payloads: [defaultPayloadConverter.toPayload(details)] },
});

async function seen(step: string, pending: unknown[]): Promise<ProcedureProgress> {
  const { fake, handle } = fakeHandle();
  fake.pending = pending;
  return withStream(handle, progress(step));
}

test('a stream tells how far it is before its step is over', async () => {
  const beat = beating({ packs: 3, bytes: 100, expectedBytes: 400 });
  expect(await seen('stream packs of database', [beat])).toMatchObject({
    done: { bytes: 100, packs: 3 },
    total: { bytes: 400, packs: 0 },
  });
});

test('more may come than the server expected', async () => {
  const beat = beating({ packs: 3, bytes: 500, expectedBytes: 400 });
  expect((await seen('stream packs of database', [beat])).total.bytes).toBe(500);
});

test.each([
  ['before its first heartbeat', 'stream packs of database', [{ activityType: { name: 'storeStream' } }]],
  ['with a heartbeat that says nothing', 'stream packs of database', [beating(null)]],
  ['in another step', 'seal the manifest', [beating({ packs: 1, bytes: 1, expectedBytes: 1 })]],
])('nothing is made up %s', async (_when, step, pending) => {
  expect(await seen(step, pending)).toEqual(progress(step));
});
