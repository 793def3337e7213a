/** A worker that is stopped, thought dead, replaced, and wakes up in the middle of work that is done already. */
import type { ChildProcess } from 'node:child_process';
import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { resultOf } from '../../client/procedures/result';
import { startProcedure } from '../../client/procedures/start';
import { tableSums } from '../support/proof';
import { TestSystem } from '../support/system';
import { startTemporal } from '../support/temporal';
import { prepareLoad } from './load';
import { arm, hasFired, letGo, type Moment } from './moments';
import { backupOrder, restoreOrder } from './orders';

const entry = path.join(__dirname, 'killing-main.js');
const stoppedMs = 15_000;

let temporal: TestWorkflowEnvironment;
let system: TestSystem;
const workers: Worker[] = [];

interface Worker {
  process: ChildProcess;
  folder: string;
}

beforeAll(async () => {
  temporal = await startTemporal();
  const configure = (config: Record<string, unknown>) => {
    config['temporal'] = { address: temporal.address };
  };
  system = await TestSystem.create({ configure });
  await prepareLoad(system.cluster, 1);
}, 120_000);
afterAll(async () => {
  for (const { process } of workers) process.kill('SIGKILL');
  await system?.destroy();
  await temporal?.teardown();
});

/** A worker of the site, answering. */
async function startWorker(): Promise<Worker> {
  const folder = mkdtempSync(path.join(system.dir, 'worker-'));
  const process = system.spawn(['worker', '--site', 'dc01', '--json'], {
    entry,
    env: { HOLDFAST_TEST_MOMENTS: folder },
  });
  const log = path.join(folder, 'log');
  process.stderr?.on('data', (data: Buffer) => writeFileSync(log, data, { flag: 'a' }));
  await new Promise((resolve) => process.stdout?.once('data', resolve));
  const worker = { process, folder };
  workers.push(worker);
  return worker;
}

/** Stops a lone worker at the moment; another one takes over; the first one wakes up later and goes on where it stood. */
async function withZombieAt(moment: Moment, order: Parameters<typeof startProcedure>[1]) {
  const first = workers.at(-1) ?? (await startWorker());
  arm(first.folder, { ...moment, id: moment.activity, hold: true });
  const { handle } = await startProcedure(temporal.client, order);
  await system.until(async () => hasFired(first.folder, moment.activity) || undefined, 60_000);
  first.process.kill('SIGSTOP');
  letGo(first.folder, moment.activity);
  const woken = sleep(stoppedMs).then(() => first.process.kill('SIGCONT'));
  await startWorker();
  const result = await resultOf(handle);
  await woken;
  // It has its time to do harm.
  await sleep(2000);
  first.process.kill('SIGKILL');
  workers.splice(workers.indexOf(first), 1);
  expect({ status: result.status, error: result.error }).toEqual({ status: 'completed', error: undefined });
  return result;
}

test('a worker that sleeps through a backup and a restore harms neither', async () => {
  await withZombieAt({ when: 'before', activity: 'storeRun', nth: 1 }, backupOrder());
  const sums = await tableSums(system.cluster);
  await system.cluster.psql('drop table doomed');
  await system.cluster.psql('create table doomed (id int primary key, x text)');
  const backup = await system.procedure('verify', 'latest', '--full');
  expect(backup).toMatchObject({ status: 'completed' });

  await withZombieAt({ when: 'before', activity: 'placeRun', nth: 1 }, restoreOrder('latest', { at: 'end-of-backup' }));
  expect(await tableSums(system.cluster)).toEqual(sums);
  expect(readdirSync(system.cluster.dir).filter((name) => name.includes('holdfast'))).toEqual([]);

  await withZombieAt(
    { when: 'before', activity: 'finishTree', nth: 1 },
    restoreOrder('latest', { at: 'end-of-backup' }),
  );
  expect(await tableSums(system.cluster)).toEqual(sums);
  await system.cluster.program('pg_amcheck', ['--all', '--install-missing']);
}, 300_000);
