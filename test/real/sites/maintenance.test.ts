/**
 * Three sites, the third without its agent: a tier that is backed up everywhere, and every piece of maintenance started by its real schedule. What it
 * did lies in the stores; what it did not do is told.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ScheduleReader } from '../../../client/metrics/schedules';
import { applyChanges } from '../../../client/schedules/apply';
import { diffSchedules } from '../../../client/schedules/diff';
import type { BackupHead } from '../../../domain/backup';
import { type MaintenanceKind, maintenanceKinds } from '../../../domain/config/types-schedules';
import type { ProcedureResult } from '../../../domain/progress';
import type { MaintenanceHealth } from '../../../domain/schedule/maintenance';
import { type S3Server, startS3Server } from '../../support/s3-server';
import type { CliEnd } from '../../support/system';
import { TcpProxy } from '../../support/tcp-proxy';
import { Deployment } from './deployment';
import { fire } from './fire';

/** Half a year from now: nothing comes due by itself. */
const never = `0 0 1 ${((new Date().getUTCMonth() + 6) % 12) + 1} *`;
const common = { schedule: never, jitter: '1s' };

let s3: S3Server;
let way: TcpProxy;
let deployment: Deployment;
let everywhere: Promise<CliEnd>;

beforeAll(async () => {
  s3 = await startS3Server();
  way = await TcpProxy.to(Number(new URL(s3.endpoint).port));
  deployment = await Deployment.start({
    ...{ sites: 3, sitesPerAgent: 1, withAgent: 2 },
    tiers: {
      hourly: { ...common, type: 'incremental', to: ['hot'], keep: { last: 9 } },
      daily: {
        ...{ ...common, type: 'full', to: ['hot', 'near'], copies: { to: ['far'] }, keep: { last: 1 } },
        move: [{ after: '1s', class: 'STANDARD_IA' }],
      },
    },
    maintenance: {
      ...Object.fromEntries(maintenanceKinds.map((kind) => [kind, never])),
      jitter: '1s',
      pauseLimit: '1s',
    },
    more: (folder, sites) => ({
      stores: {
        near: storeIn(folder, 'near', s3.endpoint),
        far: { ...storeIn(folder, 'far', endpointFor(sites)), role: 'dr' },
      },
      verification: { sample: ['latest'], level: 'full', scratch: path.join(folder, `scratch-${sites.join('-')}`) },
      retention: { coolOff: '1s', grace: '1h' },
    }),
  });
  await applyChanges(deployment.env.client, await diffSchedules(deployment.env.client, deployment.config));
  // It waits for the agent that is not there; everything below happens meanwhile.
  everywhere = deployment.cli(['backup', '--tier', 'hourly', '--json']);
}, 240_000);
afterAll(async () => {
  await everywhere?.catch(() => undefined);
  await deployment?.end();
  await way?.close();
  await s3?.stop();
});

function storeIn(folder: string, prefix: string, endpoint: string): object {
  const secret = (name: string, value: string) => {
    writeFileSync(path.join(folder, name), value, { mode: 0o600 });
    return `\${file:${path.join(folder, name)}}`;
  };
  const { bucket } = s3;
  const secrets = {
    accessKeyId: secret('access', s3.accessKeyId),
    secretAccessKey: secret('secret', s3.secretAccessKey),
  };
  return { kind: 's3', endpoint, bucket, prefix, region: 'us-east-1', ...secrets };
}

/** The second site reaches the same store by a way of its own, which can be cut. */
function endpointFor(sites: string[]): string {
  return sites.join() === 'dc002' ? `http://127.0.0.1:${way.port}` : s3.endpoint;
}

function headsIn(folder: string): BackupHead[] {
  const heads = path.join(folder, 'catalog', 'heads');
  if (!existsSync(heads)) return [];
  return readdirSync(heads)
    .sort()
    .map((name) => JSON.parse(readFileSync(path.join(heads, name), 'utf8')) as BackupHead);
}

const hot = () => path.join(deployment.dir, 'store');
const near = () => path.join(s3.folder, 'near');
const far = () => path.join(s3.folder, 'far');
const backups = (site: string, tier: string) =>
  headsIn(hot()).filter((head) => head.site === site && head.tier === tier);
const newest = (site: string) => backups(site, 'daily').at(-1)?.id ?? '';

async function until(look: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = Date.now() + 60_000; !(await look()); await sleep(200))
    if (Date.now() > deadline) throw new Error('it did not come');
}

test('sites that begin at the same moment, with a tier that builds upon nothing yet, make one repository', async () => {
  const done = (site: string) => backups(site, 'hourly').some(({ status }) => status === 'completed');
  await until(() => done('dc001') && done('dc002'));
});

test('a tier is backed up at each site when its schedule says so', async () => {
  const fired = ['dc001', 'dc002'].map(async (site) => [
    await fire(deployment, site, 'daily', 'tier'),
    ...(site === 'dc001' ? [await fire(deployment, site, 'daily', 'tier')] : []),
  ]);
  expect((await Promise.all(fired)).flat().map(({ outcome }) => outcome)).toEqual(Array(3).fill('completed'));
  expect(backups('dc001', 'daily')).toHaveLength(2);
});

test('what takes --site all answers for each', async () => {
  const asked = async <T>(...args: string[]) => {
    const { code, stdout, stderr } = await deployment.cli([...args, '--site', 'all', '--json'], { served: true });
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.any(String) });
    return JSON.parse(stdout) as T[];
  };
  const to = path.join(deployment.dir, 'restored');
  const [listed, points, verification, copies, restored] = await Promise.all([
    asked<BackupHead>('list'),
    asked<{ site: string }>('points'),
    deployment.cli(['verify', 'latest', '--quick', '--site', 'all', '--json']),
    asked<{ backupId: string }>('replicate', 'latest', '--dry-run'),
    asked<ProcedureResult>('restore', 'latest', '--to', to),
  ]);
  expect(new Set(listed.map(({ site }) => site))).toEqual(new Set(['dc001', 'dc002']));
  expect(new Set(points.map(({ site }) => site))).toEqual(new Set(['dc001', 'dc002']));
  const latest = [newest('dc001'), newest('dc002')];
  // The site without its agent is left out, and its turn keeps none of the others waiting for ever.
  const verified = JSON.parse(verification.stdout) as ProcedureResult[];
  expect({ code: verification.code, verified }).toMatchObject({
    code: 1,
    verified: [
      ...latest.map((backupId) => ({ backupId, status: 'completed' })),
      { status: 'skipped', workflowId: 'verify/many/dc003.latest', reason: 'the agent of dc003 does not answer' },
    ],
  });
  expect(copies.map(({ backupId }) => backupId)).toEqual(latest);
  expect(restored.map(({ backupId }) => backupId)).toEqual(latest);
  for (const site of ['dc001', 'dc002']) {
    const file = path.join(deployment.dir, 'data', site, 'app.conf');
    expect(readFileSync(path.join(to, site, 'etc', file), 'utf8')).toBe(`site = ${site}\n`);
  }
});

const maintained = async (site: string, kind: MaintenanceKind) => await fire(deployment, site, kind, kind);

test('each piece of maintenance does its work when its schedule says so, whatever becomes of another site', async () => {
  const id = newest('dc001');
  const orphan = path.join(hot(), 'backups', 'many_full_20200101_000000', 'packs', '0'.repeat(32));
  mkdirSync(path.dirname(orphan), { recursive: true });
  writeFileSync(orphan, 'left by the dead');
  utimesSync(orphan, new Date(0), new Date(0));
  await way.refuse();
  // Where no agent answers it takes a minute until that is believed.
  await deployment.env.client.schedule.getHandle('holdfast/many/dc003/maintenance/replication').trigger();
  const [moves, replication, verification, cleanup, drill, test, troubled] = await Promise.all([
    ...(['moves', 'replication', 'verification', 'cleanup', 'drill'] as const).map((kind) => maintained('dc001', kind)),
    maintained('dc002', 'recoveryTests'),
    maintained('dc002', 'replication'),
  ]);
  const completed = { outcome: 'completed' };
  expect({ moves, replication, verification, cleanup, test }).toEqual({
    ...{ moves: completed, replication: completed, verification: completed, cleanup: completed, test: completed },
  });
  expect(headsIn(near()).find((head) => head.id === id)?.storageClass).toBe('STANDARD_IA');
  expect(headsIn(far()).find((head) => head.id === id)?.status).toBe('completed');
  const proofs = [hot(), near(), far()].flatMap((folder) => headsIn(folder).flatMap((head) => head.proofs ?? []));
  expect(proofs).toContainEqual(expect.objectContaining({ level: 'full', outcome: 'passed' }));
  expect(existsSync(orphan)).toBe(false);
  expect(readdirSync(path.join(hot(), 'recovery-tests'))).toEqual(['dc001', 'dc002']);
  // Files have no other point in time than that of their backup: a drill that cannot play everything is not green.
  expect(drill).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('point_in_time_recovery') });
  expect(troubled).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('lack a copy') });
  const [nobody] = await runsOf('scheduledRun', 'scheduled/many/dc003/replication');
  const [work] = await runsOf('replicateBackups', 'replicate/many/dc001');
  expect(nobody).toBeDefined();
  expect(work?.startTime.getTime()).toBeLessThan(nobody?.closeTime?.getTime() ?? Number.POSITIVE_INFINITY);
}, 240_000);

test('retention by its schedule expires what no tier keeps, and refuses when a store lists too little', async () => {
  const [older] = backups('dc001', 'daily');
  expect(await maintained('dc001', 'retention')).toMatchObject({ outcome: 'completed' });
  expect(backups('dc001', 'daily').map(({ status }) => status)).toEqual(['expired', 'completed']);
  expect(backups('dc001', 'daily')[0]?.id).toBe(older?.id);
  const head = path.join(hot(), 'catalog', 'heads', `${newest('dc001')}.json`);
  const kept = readFileSync(head);
  rmSync(head);
  const refused = await maintained('dc001', 'retention');
  writeFileSync(head, kept);
  expect(refused).toMatchObject({ outcome: 'failed', reason: expect.stringContaining('hot lists 1 fewer backups') });
});

test('status tells what was done and when, what refused and why, what is paused and what somebody removed', async () => {
  const { client } = deployment.env;
  const pause = ['schedules', 'pause', '--tier', 'hourly', '--site', 'dc001', '--reason', 'new disk', '--json'];
  expect(await deployment.cli(pause)).toMatchObject({ code: 0, stdout: expect.stringContaining('"paused"') });
  await client.schedule.getHandle('holdfast/many/dc001/daily').pause('clicked in the Web UI');
  await client.schedule.getHandle('holdfast/many/dc002/maintenance/cleanup').delete();
  const told = async (name: string) =>
    (await new ScheduleReader(client, deployment.config, []).read(Date.now())).flatMap(
      ({ name: own, labels, value }) => (own === name ? [`${labels['site']} ${labels['work']} ${value}`] : []),
    );
  await until(async () => (await told('holdfast_schedule_applied')).includes('dc002 cleanup 0'));
  await until(async () => (await told('holdfast_schedule_forgotten')).filter((one) => one.endsWith(' 1')).length === 2);
  const { code, stdout } = await deployment.cli(['status', '--json']);
  const status = JSON.parse(stdout) as { maintenance: MaintenanceHealth[]; problems: string[]; warnings: string[] };
  expect(code).toBe(1);
  expect(status.problems).toContainEqual(
    expect.stringMatching(/^hourly \(dc001\) is paused by \S+ at \S+: new disk, longer than the 1s allowed$/),
  );
  expect(status.problems).toContainEqual(expect.stringMatching(/^daily \(dc001\) is paused .*clicked in the Web UI/));
  expect(status.warnings).toContainEqual(expect.stringContaining('not applied (cleanup of dc002)'));
  const of = (site: string, work: string) => status.maintenance.find((one) => one.site === site && one.work === work);
  expect(of('dc001', 'retention')).toMatchObject({
    lastCompleted: expect.any(String),
    last: {
      outcome: 'refused',
      code: 'listing_incomplete',
      reason: expect.stringContaining('hot lists 1 fewer backups'),
    },
    overdue: false,
  });
  for (const work of ['moves', 'replication', 'verification', 'cleanup'])
    expect(of('dc001', work)).toMatchObject({ last: { outcome: 'completed' }, overdue: false });
  expect(of('dc001', 'drill')?.last).toMatchObject({ outcome: 'refused', code: 'recovery_test_not_run' });
  expect(of('dc002', 'recoveryTests')).toMatchObject({ last: { outcome: 'completed' } });
  expect(of('dc002', 'replication')?.last).toMatchObject({ outcome: 'failed', code: 'copies_missing' });
  expect(of('dc003', 'retention')).toEqual({
    site: 'dc003',
    work: 'retention',
    limitSeconds: expect.any(Number),
    overdue: false,
  });
  expect(status.warnings).toContainEqual(
    expect.stringMatching(/^the last scheduled retention \(dc001\), .*failed: .*fewer backups/),
  );
});

test('of a tier that is backed up everywhere the site that is not well is left out and keeps none waiting; the exit code tells', async () => {
  const { code, stdout, stderr } = await everywhere;
  const ends = JSON.parse(stdout) as object[];
  expect({ code, ends }).toMatchObject({
    code: 1,
    ends: [
      { procedure: 'backup', status: 'completed', backupId: expect.stringContaining('many_full_') },
      { procedure: 'backup', status: 'completed', backupId: expect.stringContaining('many_full_') },
      { status: 'skipped', workflowId: 'backup/many/dc003', reason: 'the agent of dc003 does not answer' },
    ],
  });
  expect(stderr).toContain('warning: dc003 is left out: the agent of dc003 does not answer');
  const [check] = await runsOf('siteCheck', 'site-check/dc003/');
  for (const site of ['dc001', 'dc002']) {
    const [first] = await runsOf('backup', `backup/many/${site}`);
    expect(first?.startTime.getTime()).toBeLessThan(check?.closeTime?.getTime() ?? 0);
  }
});

/** Oldest first. */
async function runsOf(type: string, id: string) {
  const runs = [];
  for await (const run of deployment.env.client.workflow.list({ query: `WorkflowType = "${type}"` }))
    if (run.workflowId.startsWith(id)) runs.push(run);
  return runs.sort((a, b) => a.startTime.getTime() - b.startTime.getTime());
}
