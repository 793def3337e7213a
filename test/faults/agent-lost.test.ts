/** The agent dies while commits wait for the stores, and no other comes: the mode says whether commits wait for the next one. */
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { shippingWorkflowId } from '../../domain/requests';
import { TestSystem } from '../support/system';
import { startTemporal } from '../support/temporal';

interface Shipper {
  commits?: { state: string };
  switches?: { commits: string; reason: string }[];
}

let temporal: TestWorkflowEnvironment;
let system: TestSystem;
let workers: ChildProcess[] = [];

beforeEach(async () => {
  temporal = await startTemporal();
}, 60_000);
afterEach(async () => {
  for (const one of workers) await killed(one);
  workers = [];
  await system?.destroy();
  await temporal?.teardown();
});

async function protect(wal: object): Promise<void> {
  system = await TestSystem.create({
    configure: (config) => {
      const { database } = (config['sites'] as { dc01: { components: { database: object } } }).dc01.components;
      Object.assign(database, { wal });
      Object.assign(config, { temporal: { address: temporal.address } });
    },
  });
  await system.cluster.psql('create table ledger (id bigserial primary key)');
}

async function startWorker(...args: string[]): Promise<ChildProcess> {
  const worker = system.spawn(['worker', ...args, '--json']);
  const log = path.join(system.dir, `worker-${workers.length}.log`);
  worker.stderr?.on('data', (data: Buffer) => writeFileSync(log, data, { flag: 'a' }));
  await new Promise((resolve) => worker.stdout?.once('data', resolve));
  workers.push(worker);
  return worker;
}

const killed = (worker: ChildProcess) => ended(worker, 'SIGKILL');

async function ended(worker: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (worker.exitCode !== null || worker.signalCode !== null) return;
  const gone = new Promise((resolve) => worker.once('exit', resolve));
  worker.kill(signal);
  await gone;
}

async function shipper(): Promise<Shipper> {
  const { stdout } = await system.cli('status', '--json');
  return (JSON.parse(stdout) as { shippers: Shipper[] }).shippers[0] ?? {};
}

async function commitsWait(): Promise<void> {
  await system.until(async () => (await shipper()).commits?.state === 'synchronous' || undefined, 90_000);
}

function commit(): { done: () => boolean; end: Promise<unknown> } {
  let back = false;
  const end = system.cluster.psql('insert into ledger default values').then(() => {
    back = true;
  });
  return { done: () => back, end };
}

test('hybrid: a control worker lets commits go, and it is recorded', async () => {
  await protect({ mode: 'hybrid', syncThreshold: '2s' });
  await startWorker();
  const agent = await startWorker('--site', 'dc01');
  await commitsWait();
  await killed(agent);
  const held = commit();
  await sleep(1000);
  expect(held.done()).toBe(false);
  await held.end;
  await system.until(async () => {
    const last = (await shipper()).switches?.at(-1);
    return last?.reason === 'the agent was lost, and a control worker let commits go' || undefined;
  }, 30_000);
  await startWorker('--site', 'dc01');
  await commitsWait();
  await commit().end;
}, 240_000);

test('sync: nobody lets them go until the next agent has them stored', async () => {
  await protect({ mode: 'sync' });
  await startWorker();
  const agent = await startWorker('--site', 'dc01');
  await commitsWait();
  await killed(agent);
  const held = commit();
  await sleep(12_000); // longer than it takes until the agent is known to be dead
  expect(held.done()).toBe(false);
  await startWorker('--site', 'dc01');
  await held.end;
  expect((await shipper()).switches?.filter(({ commits }) => commits === 'asynchronous').length).toBe(1);

  // An agent that is told to stop lets them go; the shipper's workflow outlives it, and the next one goes on.
  await commitsWait();
  const run = await shippingRun();
  await ended(workers.at(-1) as ChildProcess, 'SIGTERM');
  await commit().end;
  expect((await shipper()).switches?.at(-1)).toMatchObject({ commits: 'asynchronous', reason: 'shipping was ended' });
  await startWorker('--site', 'dc01');
  await commitsWait();
  expect(await shippingRun()).toBe(run);
}, 300_000);

async function shippingRun(): Promise<string> {
  const handle = temporal.client.workflow.getHandle(shippingWorkflowId(system.name, 'dc01', 'database'));
  return (await handle.describe()).runId;
}
