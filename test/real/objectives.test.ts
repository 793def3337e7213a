/** What would be lost now and how long a restore would take, measured, beside what was promised: in `points`, `status` and the metrics. */
import { renameSync } from 'node:fs';
import path from 'node:path';
import { emit, points, status } from '../faults/protected';
import { alertRules, metricsIn } from '../support/alert-rules';
import { freePort } from '../support/postgres-host';
import { TestSystem, type Up } from '../support/system';

let system: TestSystem;
let up: Up;
let port: number;

beforeAll(async () => {
  system = await TestSystem.create({
    configure: (config) => {
      config['objectives'] = { rpo: '15m', rto: '1s' };
      const { dc01 } = config['sites'] as { dc01: { components: { config: object; database: object } } };
      Object.assign(dc01.components.config, { objectives: { rpo: '1s', rto: '1h' } });
      // Schedules and copies have alerts of their own.
      const far = { kind: 'dir', path: 'far', role: 'dr' };
      Object.assign(config['stores'] as object, { far });
      config['notifications'] = { targets: { team: { kind: 'command', argv: ['/bin/true'] } } };
      config['tiers'] = { yearly: { schedule: '0 0 1 1 *', copies: { to: ['far'] } } };
    },
  });
  port = await freePort();
  up = await system.up({ args: ['--metrics', `127.0.0.1:${port}`] });
  expect((await system.procedure('backup')).error).toBeUndefined();
}, 180_000);
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

/** One line of what Prometheus gets: labels in the order of the alphabet. */
async function scraped(series: string): Promise<number | undefined> {
  const text = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
  const line = text.split('\n').find((one) => one.startsWith(`${series} `));
  return line === undefined ? undefined : Number(line.slice(series.length));
}

const database = 'component="database",site="dc01",store="hot",system="sys"';

test('an estimate by the backup, and an objective that is missed', async () => {
  const { rto, rpoSeconds, objectives } = await points(system);
  expect(rto).toMatchObject({ restsOn: 'the last backup' });
  expect(rto?.seconds).toBeGreaterThan(1);
  expect(rto?.bytes).toBeGreaterThan(1e6);
  expect(rpoSeconds).toBeLessThan(900);
  expect(objectives).toEqual({ rpoSeconds: 900, rtoSeconds: 1 });
  const { code, problems } = await status(system);
  expect(code).toBe(1);
  expect(problems).toContainEqual(
    expect.stringMatching(/^the recovery time objective of 1s is missed for database \(dc01\): a restore from hot/),
  );
  expect(problems.filter((one) => one.includes('recovery point') && one.includes('database'))).toEqual([]);
});

test('a component’s own objectives are judged, and of files the age of their newest backup', async () => {
  const { problems, components } = await status(system);
  expect(problems).toContainEqual(
    expect.stringMatching(
      /^the recovery point objective of 1s is missed for config \(dc01\): its newest backup is .+ old$/,
    ),
  );
  expect(problems.filter((one) => one.includes('recovery time') && one.includes('config'))).toEqual([]);
  expect(components).toContainEqual({
    ...{ site: 'dc01', component: 'config', store: 'hot', rpoSeconds: expect.any(Number) },
    ...{
      rto: expect.objectContaining({ seconds: expect.any(Number) }),
      objectives: { rpoSeconds: 1, rtoSeconds: 3600 },
    },
  });
  const { stdout } = await system.cli('points');
  expect(stdout).toMatch(/would be lost now: .+; promised: at most 15m\n/);
  expect(stdout).toMatch(/would be lost now: .+; promised: at most 1s, missed\n/);
});

test('the metrics say what status says', async () => {
  const missed = (component: string, objective: string) =>
    `holdfast_objective_missed{component="${component}",objective="${objective}",site="dc01",system="sys"}`;
  await system.until(async () => ((await scraped(missed('database', 'rto'))) === 1 ? true : undefined), 60_000);
  expect(await scraped(missed('database', 'rpo'))).toBe(0);
  expect(await scraped(missed('config', 'rpo'))).toBe(1);
  expect(await scraped(missed('config', 'rto'))).toBe(0);
  expect(await scraped(`holdfast_rpo_seconds{${database}}`)).toBeLessThan(900);
  expect(await scraped(`holdfast_rto_seconds{${database}}`)).toBeGreaterThan(1);
  expect(await scraped('holdfast_rto_objective_seconds{component="database",site="dc01",system="sys"}')).toBe(1);
  expect(await scraped('holdfast_shipper_streaming{component="database",site="dc01",system="sys"}')).toBe(1);
  expect(await scraped(`holdfast_ledger_faults{${database}}`)).toBe(0);
  expect(await scraped(`holdfast_wal_gaps{${database}}`)).toBe(0);
  const backup = await scraped('holdfast_last_backup_bytes{kind="backup",site="dc01",system="sys",tier=""}');
  expect(backup).toBeGreaterThan(1e6);
});

test('every metric that an alert names is served, the engine’s own beside them, and no secret', async () => {
  const named = [...new Set(alertRules().flatMap(({ expr }) => metricsIn(expr)))];
  const text = await system.until(async () => {
    await emit(system, 2); // how long the server has room is known only while WAL is written
    const all = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text();
    return named.every((name) => all.includes(`\n${name}{`)) ? all : undefined;
  }, 90_000);
  expect(text).toMatch(/^temporal_\w+/m);
  expect(text).not.toContain(system.dir);
  expect(text).not.toContain(system.cluster.dataDir);
});

test('after a restore its times count', async () => {
  const restore = await system.procedure('restore', 'latest', '--to', path.join(system.dir, 'out'));
  expect(restore.error).toBeUndefined();
  expect(restore.walBytes).toBeGreaterThan(0);
  const { rto } = await points(system);
  expect(rto?.restsOn).toBe('earlier restores');
  const { stdout } = await system.cli('points');
  expect(stdout).toMatch(/a restore would take about \S+ \(by earlier restores\)/);
  await system.until(async () => {
    const told = (await scraped(`holdfast_rto_seconds{${database}}`)) ?? Number.NaN;
    return Math.abs(told - (rto?.seconds ?? 0)) < 1 ? true : undefined;
  }, 60_000);
});

test('what the server keeps for the shipper is measured', async () => {
  const slot = await system.until(async () => (await status(system)).shippers[0]?.slot, 30_000);
  expect(slot.retainedBytes).toBeGreaterThanOrEqual(0);
  expect(slot).toMatchObject({ status: 'reserved', bytesLeft: expect.any(Number) });
  expect((await system.cli('status')).stdout).toMatch(/BEHIND +PROMISED +COMMITS +KEPT BY SERVER/);
});

test('an address that is taken is refused before an engine is started', async () => {
  const second = await system.cli('up', '--metrics', `127.0.0.1:${port}`);
  expect(second).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringContaining('another process listens there'),
  });
});

test('a store that is away: what is known of it has no value, and how long it is away can be told', async () => {
  const measured = 'holdfast_store_measured{site="dc01",store="hot",system="sys"}';
  expect(await scraped(measured)).toBe(1);
  renameSync(system.storeDir, `${system.storeDir}.away`);
  await system.until(async () => ((await scraped(measured)) === 0 ? true : undefined), 60_000);
  expect(await scraped(`holdfast_rpo_seconds{${database}}`)).toBeNaN();
  expect(await scraped('holdfast_measured_timestamp_seconds{site="dc01",store="hot",system="sys"}')).toBeGreaterThan(
    1e9,
  );
  renameSync(`${system.storeDir}.away`, system.storeDir);
  await system.until(async () => ((await scraped(measured)) === 1 ? true : undefined), 60_000);
  expect(await scraped(`holdfast_rpo_seconds{${database}}`)).not.toBeNaN();
});
