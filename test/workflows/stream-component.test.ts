/** A component that is read over its connection: which ends of its one activity begin a new generation, and which end the backup. */
import { setTimeout as sleep } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import type { ProcedureResult } from '../../domain/progress';
import { startTemporal } from '../support/temporal';
import { type Behaviour, failing, oneRun, streamedJob } from './mocked-site';
import { onStage } from './with-workers';

let env: TestWorkflowEnvironment;
beforeAll(async () => {
  env = await startTemporal();
});
afterAll(async () => {
  await env?.teardown();
});

const request = { type: 'full', upload: true };
const cutOff = expect.stringContaining('base backup of database was cut off');

/** The first try ends as told, the second one well. */
function streamed(first: () => unknown): { generations: number[]; behaviour: Behaviour } {
  const generations: number[] = [];
  const storeStream = async ({ generation }: { generation: number }) => {
    generations.push(generation);
    return generations.length === 1 ? await first() : oneRun;
  };
  return { generations, behaviour: { beginBackup: () => streamedJob, storeStream: storeStream as never } };
}

test('nothing is planned, and no session is held by a process', async () => {
  const { generations, behaviour } = streamed(() => oneRun);
  await onStage(env, behaviour, async ({ calls, start }) => {
    const result = (await (await start('backup', request)).result()) as ProcedureResult;
    expect(result.status).toBe('completed');
    expect(result.warnings).not.toContainEqual(cutOff);
    expect(generations).toEqual([1]);
    // Those of the other component, which has files.
    expect(calls.filter((call) => ['openSnapshot', 'planComponent'].includes(call))).toHaveLength(2);
  });
});

test.each([
  ['the stream was cut', failing('backup_session_lost')],
  ['the server was away', failing('postgres_unreachable')],
  ['the store was away for too long', failing('store_unavailable')],
  [
    'the worker went in order',
    () => {
      throw ApplicationFailure.create({ type: 'WorkerShutdown', message: 'shutting down' });
    },
  ],
  ['the worker died', silence],
])('when %s, a new generation begins, after the server was reached again', async (_why, first) => {
  const { generations, behaviour } = streamed(first);
  await onStage(env, behaviour, async ({ calls, start }) => {
    const result = (await (await start('backup', request)).result()) as ProcedureResult;
    expect(result.status).toBe('completed');
    expect(result.warnings).toContainEqual(cutOff);
    expect(generations).toEqual([1, 2]);
    expect(calls.filter((call) => ['awaitSource', 'storeStream'].includes(call))).toEqual([
      ...['awaitSource', 'storeStream'],
      ...['awaitSource', 'storeStream'],
    ]);
  });
});

test('what a new attempt would only meet again ends the backup at once', async () => {
  const { generations, behaviour } = streamed(failing('postgres_rights'));
  await onStage(env, behaviour, async ({ calls, start }) => {
    const handle = await start('backup', request);
    await expect(handle.result()).rejects.toMatchObject({ cause: { type: 'postgres_rights' } });
    expect(generations).toEqual([1]);
    expect(calls).toContain('abandonSnapshot');
    expect(calls).toContain('discardBackup');
  });
});

test('an abort begins nothing anew', async () => {
  const { generations, behaviour } = streamed(async () => {
    const activity = Context.current();
    const pulse = setInterval(() => activity.heartbeat(), 200);
    return activity.cancelled.finally(() => clearInterval(pulse));
  });
  await onStage(env, behaviour, async ({ calls, start }) => {
    const handle = await start('backup', request);
    while (generations.length === 0) await sleep(50);
    await handle.cancel();
    await expect(handle.result()).rejects.toThrow();
    expect(generations).toEqual([1]);
    expect(calls).toContain('abandonSnapshot');
  });
});

/** Longer than heartbeats may be missing. */
async function silence(): Promise<void> {
  await sleep(8000);
}
