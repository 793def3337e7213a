import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { temporalCli } from '../support/parts';
import { freePort } from '../support/postgres-host';
import { TestSystem } from '../support/system';

let folder: string;
let server: ChildProcess;
let system: TestSystem;
const workers: ChildProcess[] = [];
let agentMetrics: string;
let controlMetrics: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'hf-engine-'));
  const port = await freePort();
  [agentMetrics, controlMetrics] = [`127.0.0.1:${await freePort()}`, `127.0.0.1:${await freePort()}`];
  const where = ['--ip', '127.0.0.1', '--port', String(port), '--headless', '--log-level', 'error'];
  system = await TestSystem.create({
    configure: (config) => {
      config.temporal = { address: `127.0.0.1:${port}` };
      config.metrics = { address: agentMetrics };
    },
  });
  // The worker is started first: it waits for its server as long as it takes.
  workers.push(system.spawn(['worker', '--metrics', controlMetrics]), system.spawn(['worker', '--site', 'dc01']));
  server = spawn(temporalCli(), ['server', 'start-dev', ...where], { stdio: 'ignore' });
});

afterAll(async () => {
  await system?.destroy();
  server?.kill('SIGKILL');
  rmSync(folder, { recursive: true, force: true });
});

test('a control worker and a site agent of a configured server make a backup together', async () => {
  await system.until(async () => ((await system.cli('status')).code === 0 ? true : undefined), 60_000);
  const backup = await system.procedure('backup');
  expect(backup.error).toBeUndefined();
  expect(backup).toMatchObject({ status: 'completed', warnings: [] });
});

test('the agent tells what it measures of its site, the control worker of the engine alone', async () => {
  const scrape = async (address: string) => await (await fetch(`http://${address}/metrics`)).text();
  const streams = /^holdfast_shipper_streaming\{component="database",site="dc01",system="sys"\} 1$/m;
  await system.until(async () => (streams.test(await scrape(agentMetrics)) ? true : undefined), 60_000);
  const control = await scrape(controlMetrics);
  expect(control).toMatch(/^temporal_/m);
  expect(control).not.toContain('holdfast_');
});

test('without an agent of the site nothing runs it, and the command can be left', async () => {
  const agent = workers[1] as ChildProcess;
  const exit = new Promise((resolve) => agent.once('exit', resolve));
  agent.kill('SIGTERM');
  expect(await exit).toBe(0);
  const detached = await system.cli('verify', 'latest', '--quick', '--detach', '--json');
  expect(detached.code).toBe(0);
  expect(JSON.parse(detached.stdout)).toMatchObject({ status: 'in_progress' });
  expect((await system.cli('status')).code).toBe(1);
});
