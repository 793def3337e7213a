/** Locks and thaws as steps of a procedure. */
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ProcedureResult } from '../../domain/progress';
import { lockedJob, movingToStores, storageScenes, thawing } from '../replay/scenes-storage';
import { startTemporal } from '../support/temporal';
import { type Behaviour, backupJob, restoreJob } from './mocked-site';
import { onStage } from './with-workers';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
});
afterAll(async () => await env?.teardown());

const backup = { type: 'full', upload: true };
const sceneOf = (reason: string): Behaviour =>
  storageScenes.find((one) => one.reason === reason)?.behaviour?.() as Behaviour;

test('a backup is locked in each store, what it builds upon before it, and published when that is done', async () => {
  const locked: string[] = [];
  const lockRest = ({ store, backupId, own }: { store: string; backupId: string; own: boolean }) => {
    locked.push(`${store} ${backupId} ${own}`);
    return { warnings: [`of ${store}`] };
  };
  const planLock = ({ store, mode }: { store: string; mode: string }) => ({ site: '', store, mode, until: 'then' });
  await onStage(env, { beginBackup: () => lockedJob, lockRest, planLock }, async ({ calls, start }) => {
    const result = (await (await start('backup', backup)).result()) as ProcedureResult;
    expect(result.warnings).toEqual(expect.arrayContaining(['of hot', 'of warm']));
    const [full, own] = [lockedJob.chain[0]?.backupId, lockedJob.backupId];
    expect(locked).toEqual(['hot', 'warm'].flatMap((store) => [`${store} ${full} false`, `${store} ${own} true`]));
    expect(calls.filter((call) => call === 'lockRun')).toHaveLength(12);
    expect(calls.indexOf('publishBackup')).toBeGreaterThan(calls.lastIndexOf('lockRest'));
    expect(calls.indexOf('lockRun')).toBeGreaterThan(calls.lastIndexOf('copyManifest'));
  });
});

test('what a discarded backup leaves locked is in its result', async () => {
  await onStage(env, sceneOf('locked-and-discarded'), async ({ start }) => {
    const handle = await start('backup', backup);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'store_denied' } });
    const { warnings } = (await handle.query('result')) as ProcedureResult;
    expect(warnings).toContain('9 objects of the discarded backup stay in hot, locked until tomorrow');
  });
});

test('a restore waits for what is frozen before it touches anything', async () => {
  await onStage(env, thawing(), async ({ calls, start }) => {
    const result = (await (await start('restore', restoreJob.request)).result()) as ProcedureResult;
    expect(result.status).toBe('completed');
    expect(calls.filter((call) => call === 'askThaw')).toHaveLength(1);
    expect(calls.filter((call) => call === 'thawed')).toHaveLength(4);
    expect(calls.indexOf('stopServices')).toBeGreaterThan(calls.lastIndexOf('thawed'));
    expect(calls.indexOf('verifyRun')).toBeGreaterThan(calls.lastIndexOf('thawed'));
  });
});

test('a thaw that takes longer than the store’s `wait` ends the restore, with nothing touched', async () => {
  await onStage(env, sceneOf('thaw-given-up'), async ({ calls, start }) => {
    const handle = await start('restore', restoreJob.request);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'timed_out' } });
    expect(calls).not.toContain('stopServices');
  });
});

test('a move that has to wait for a reader is said, and the others are made', async () => {
  await onStage(env, sceneOf('one-moved-one-read'), async ({ start }) => {
    const { status, warnings, details } = (await (await start('moveBackups', {})).result()) as ProcedureResult;
    expect(status).toBe('completed');
    expect(details).toEqual({ due: 5 });
    expect(warnings).toEqual([
      '3 more moves are due: the next run makes them',
      expect.stringMatching(/in warm to DEEP_ARCHIVE: it is being read/),
    ]);
  });
});

test('what moves to other stores is copied one after the other, and a store that is away keeps the others from nothing', async () => {
  await onStage(env, movingToStores(), async ({ calls, start }) => {
    const handle = await start('moveBackups', {});
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'copies_missing' } });
    const { copies, warnings, error } = (await handle.query('result')) as ProcedureResult;
    expect(copies).toMatchObject([
      { store: 'dr', outcome: 'copied' },
      { store: 'apac', outcome: 'failed', error: { code: 'store_unavailable' } },
    ]);
    expect(warnings).toEqual([`${backupJob.backupId} had moved from hot, and its copy is not there any more`]);
    expect(error?.message).toMatch(/^1 of 3 backups could not move/);
    expect(calls.filter((call) => call === 'beginReplication')).toHaveLength(2);
  });
});

test('a dry run says how long the thaw would take, and asks for none', async () => {
  await onStage(env, sceneOf('thaw-dry-run'), async ({ calls, start }) => {
    const handle = await start('restore', { ...restoreJob.request, dryRun: true });
    const { warnings } = (await handle.result()) as ProcedureResult;
    expect(warnings).toContainEqual(expect.stringContaining('which takes up to 2d (Bulk)'));
    expect(calls).not.toContain('askThaw');
    expect(calls).not.toContain('verifyRun');
  });
});
