/** Copying all that tiers want, where a store is away. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ProcedureResult } from '../../domain/progress';
import { startTemporal } from '../support/temporal';
import { type Behaviour, failing, oneRun, replicationJob } from './mocked-site';
import { onStage } from './with-workers';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
});
afterAll(async () => await env?.teardown());

/** The first has enough without `dr`; `apac` is there. */
function drAway(others: { backupId: string; to: string[]; enough: number }[], leftOut?: object): Behaviour {
  const first = { backupId: 'b1', to: ['dr', 'apac'], enough: 1 };
  const beginReplication = ({ backup, stores, enough }: { backup: string; stores: string[]; enough: number }) => ({
    ...{ ...replicationJob, backupId: backup, targets: stores, enough },
  });
  return {
    ...{ beginReplication, replicateRun: () => oneRun, nextToCopy: () => ({ backups: [first, ...others], leftOut }) },
    reachStore: ({ to }: { to: string }) => (to === 'dr' ? failing('store_unavailable')() : ['lacking']),
  };
}

test.each([
  ['on the page on which the store was found away', drAway([{ backupId: 'b2', to: ['dr'], enough: 1 }]), 2],
  ['on a later page', drAway([], { count: 3, first: 'b2' }), 4],
])('a backup that only the store that is away was to have is missed, %s', async (_where, behaviour, all) => {
  await onStage(env, behaviour, async ({ start }) => {
    const handle = await start('replicateBackups', {});
    const message = `${all - 1} of ${all} backups lack a copy: b2: dr did not answer`;
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'copies_missing' } });
    const { error } = (await handle.query('result')) as ProcedureResult;
    expect(error?.message).toBe(message);
  });
});

test('where every backup has enough copies the store that is away is told, and the run is a success', async () => {
  await onStage(env, drAway([{ backupId: 'b2', to: ['dr'], enough: 0 }]), async ({ start }) => {
    const result = (await (await start('replicateBackups', {})).result()) as ProcedureResult;
    expect(result).toMatchObject({
      status: 'completed',
      copies: [
        { store: 'dr', outcome: 'failed', error: { code: 'store_unavailable' } },
        { store: 'apac', outcome: 'copied' },
      ],
    });
  });
});
