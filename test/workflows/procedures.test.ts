import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ProcedureProgress, ProcedureResult } from '../../domain/progress';
import { startTemporal } from '../support/temporal';
import { failing, hang, pushingJob, restoreJob } from './mocked-site';
import { onStage } from './with-workers';

const point = { tier: 'continuous', upload: true, timeout: 300_000 };

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
});
afterAll(async () => {
  await env?.teardown();
});

test('a backup goes through its runbook in order and leaves a receipt', async () => {
  await onStage(env, {}, async ({ calls, start }) => {
    const handle = await start('backup', { type: 'full', upload: true });
    const result = (await handle.result()) as ProcedureResult;
    expect(result).toMatchObject({
      procedure: 'backup',
      status: 'completed',
      receipt: 'receipts/0000000001.json',
      bytes: 900,
    });
    const ours = calls.filter((call) => call !== 'receiveWal');
    const steps = ours.filter((call, at) => call !== ours[at - 1]);
    const component = ['openSnapshot', 'planComponent', 'storeRun', 'closeSnapshot'];
    const before = ['beginBackup', 'checkHealth', 'announceBackup', 'awaitShipper'];
    expect(steps).toEqual([
      ...before,
      ...component,
      ...component,
      'awaitWal',
      'sealBackup',
      'verifyRun',
      'verifyWal',
      'copyRun',
      'copyManifest',
      'publishBackup',
      'writeReceipt',
    ]);
  });
});

test('a backup is read back as thoroughly as its tier wants it', async () => {
  const levels = new Set<string>();
  const verifyRun = ({ level }: { level: string }) => {
    levels.add(level);
    return { packs: 1, bytes: 1, storedBytes: 1, reused: 0, warnings: [] };
  };
  await onStage(env, { verifyRun }, async ({ start }) => {
    await (await start('backup', { type: 'full', upload: true })).result();
    expect([...levels]).toEqual(['full']);
  });
});

test('a server that pushes its WAL itself gets no shipper', async () => {
  await onStage(env, { beginBackup: () => pushingJob }, async ({ calls, start }) => {
    const result = (await (await start('backup', { type: 'full', upload: true })).result()) as ProcedureResult;
    expect(result).toMatchObject({ status: 'completed', warnings: [] });
    expect(calls).not.toContain('awaitShipper');
    expect(calls).not.toContain('receiveWal');
    expect(calls).toContain('awaitWal');
  });
});

test('a lost backup session opens a new one and plans again', async () => {
  let closes = 0;
  const lost = failing('backup_session_lost');
  await onStage(env, { closeSnapshot: () => (closes++ === 0 ? lost() : undefined) }, async ({ calls, start }) => {
    const result = (await (await start('backup', { type: 'full', upload: true })).result()) as ProcedureResult;
    expect(result.status).toBe('completed');
    expect(result.warnings).toContainEqual(expect.stringContaining('session of database was lost'));
    expect(calls.filter((call) => call === 'openSnapshot')).toHaveLength(3);
    expect(calls).not.toContain('abandonSnapshot');
  });
});

test('a session whose process is gone costs ten seconds and a new generation', async () => {
  let opened = 0;
  await onStage(
    env,
    { openSnapshot: () => ({ processQueue: opened++ === 0 ? 'nobody-polls-this' : `process-gone` }) },
    async ({ start, calls }) => {
      // The second answer is of no process either; what counts is that the phase is done again until it is aborted.
      const handle = await start('backup', { type: 'full', upload: true });
      for (let waited = 0; opened < 2 && waited < 60; waited++)
        await new Promise((resolve) => setTimeout(resolve, 500));
      expect(calls.filter((call) => call === 'planComponent').length).toBeGreaterThanOrEqual(1);
      expect(opened).toBeGreaterThanOrEqual(2);
      await handle.terminate();
    },
  );
});

test('a failed backup is discarded, says why, and leaves a receipt', async () => {
  await onStage(env, { awaitWal: failing('wal_not_stored') }, async ({ calls, start }) => {
    const handle = await start('backup', { type: 'full', upload: true });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'wal_not_stored' } });
    const result = (await handle.query('result')) as ProcedureResult;
    expect(result).toMatchObject({
      status: 'failed',
      error: { code: 'wal_not_stored', hints: ['do this'] },
      receipt: expect.any(String),
    });
    expect(calls.indexOf('discardBackup')).toBeGreaterThan(calls.indexOf('awaitWal'));
    expect(calls.at(-1)).toBe('writeReceipt');
  });
});

test('a recovery point marks the databases, stores files, and lets older ones go', async () => {
  await onStage(env, {}, async ({ calls, start }) => {
    const result = (await (await start('recoveryPoint', point)).result()) as ProcedureResult;
    expect(result).toMatchObject({ procedure: 'recovery point', status: 'completed' });
    const own = new Set(['markDatabases', 'openSnapshot', 'storeRun', 'awaitMarks', 'publishBackup', 'expirePoints']);
    const steps = calls.filter((call) => own.has(call));
    expect([...new Set(steps)]).toEqual([...own]);
  });
});

test('a recovery point that takes too long is given up and discarded', async () => {
  await onStage(env, { awaitMarks: hang }, async ({ calls, start }) => {
    const handle = await start('recoveryPoint', { ...point, timeout: 3000 });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'timed_out' } });
    const result = (await handle.query('result')) as ProcedureResult;
    expect(result).toMatchObject({ status: 'failed', error: { message: 'the recovery point took longer than 3s' } });
    expect(calls).toContain('discardBackup');
    expect(calls).not.toContain('publishBackup');
  });
});

test.each([
  ['fails', failing('store_denied'), /^"let older points go" did not come to its end: /],
  ['takes too long', hang, /no more time/],
])('a recovery point that is made stays made when letting older ones go %s', async (_, expirePoints, warning) => {
  await onStage(env, { expirePoints }, async ({ calls, start }) => {
    const result = (await (await start('recoveryPoint', { ...point, timeout: 10_000 })).result()) as ProcedureResult;
    expect(result.status).toBe('completed');
    expect(result.warnings).toContainEqual(expect.stringMatching(warning));
    expect(calls).not.toContain('discardBackup');
  });
});

const undone = ['stopStarted', 'endReplay', 'putDataBack', 'putServicesBack', 'removeWorkDirs'];
const fromReplayOn = undone.slice(1);

/** Which undos must have run when the step fails, in this order. */
const sweep: [keyof typeof afterStep, string[]][] = [];
const afterStep = {
  fetchWal: ['removeWorkDirs'],
  checkTarget: ['removeWorkDirs'],
  verifyRun: ['removeWorkDirs'],
  stopServices: ['putServicesBack', 'removeWorkDirs'],
  setDataAside: ['putDataBack', 'putServicesBack', 'removeWorkDirs'],
  placeRun: ['putDataBack', 'putServicesBack', 'removeWorkDirs'],
  finishTree: ['putDataBack', 'putServicesBack', 'removeWorkDirs'],
  prepareReplay: ['putDataBack', 'putServicesBack', 'removeWorkDirs'],
  replay: fromReplayOn,
  validate: fromReplayOn,
  finishReplay: fromReplayOn,
  startServices: ['stopStarted', 'putDataBack', 'putServicesBack', 'removeWorkDirs'],
};
for (const [step, undos] of Object.entries(afterStep)) sweep.push([step as keyof typeof afterStep, undos]);

test.each(sweep)('a restore that fails in %s puts back %j', async (step, undos) => {
  await onStage(env, { [step]: failing('restore_failed') }, async ({ calls, start }) => {
    const handle = await start('restore', restoreJob.request);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'restore_failed' } });
    expect(calls.filter((call) => undone.includes(call))).toEqual(undos);
    expect(calls).not.toContain('dropSetAside');
  });
});

test('nothing is undone where nothing was touched', async () => {
  await onStage(env, { resolveRestore: failing('backup_not_found') }, async ({ calls, start }) => {
    await expect((await start('restore', restoreJob.request)).result()).rejects.toMatchObject({
      cause: { type: 'backup_not_found' },
    });
    expect(calls).toEqual(['resolveRestore', 'writeReceipt']);
  });
});

test('a cancelled restore is an orderly abort: all is put back, the outcome is aborted', async () => {
  const waiting = { running: false };
  const hang = async () => {
    waiting.running = true;
    const { Context, heartbeat } = await import('@temporalio/activity');
    const pulse = setInterval(() => heartbeat(), 200);
    await Context.current().cancelled.finally(() => clearInterval(pulse));
  };
  await onStage(env, { replay: hang }, async ({ calls, start }) => {
    const handle = await start('pointInTimeRestore', { ...restoreJob.request, at: 'x' });
    while (!waiting.running) await new Promise((resolve) => setTimeout(resolve, 20));
    const progress = (await handle.query('progress')) as ProcedureProgress;
    expect(progress).toMatchObject({ state: 'in_progress', step: 'replay database to the target' });
    await handle.cancel();
    await expect(handle.result()).rejects.toMatchObject({ cause: { name: 'CancelledFailure' } });
    expect(calls.filter((call) => undone.includes(call))).toEqual(fromReplayOn);
    expect((await handle.query('result')) as ProcedureResult).toMatchObject({
      status: 'aborted',
      error: { code: 'aborted' },
    });
  });
});

test('an undo that fails is told, and the other undos run all the same', async () => {
  await onStage(
    env,
    { replay: failing('log_apply_failed'), putDataBack: failing('undo_failed') },
    async ({ calls, start }) => {
      const handle = await start('restore', restoreJob.request);
      await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'log_apply_failed' } });
      expect(calls).toContain('putServicesBack');
      expect(((await handle.query('result')) as ProcedureResult).warnings).toContainEqual(
        expect.stringContaining('could not undo'),
      );
    },
  );
});

test('a dry run touches nothing', async () => {
  await onStage(env, {}, async ({ calls, start }) => {
    await (await start('restore', { ...restoreJob.request, dryRun: true })).result();
    expect(calls).not.toContain('stopServices');
    expect(calls).not.toContain('placeRun');
    expect(calls).toContain('removeWorkDirs');
  });
});

test('a backup session that may have been opened is ended, whatever its step answered', async () => {
  await onStage(env, { openSnapshot: failing('postgres_rights') }, async ({ calls, start }) => {
    const handle = await start('backup', { type: 'full', upload: true });
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'postgres_rights' } });
    expect(calls.indexOf('abandonSnapshot')).toBeGreaterThan(calls.indexOf('openSnapshot'));
    expect(calls).toContain('discardBackup');
  });
});
