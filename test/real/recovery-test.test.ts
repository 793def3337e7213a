/** Recoveries played through on a real system: each scenario proves what it says, and one that cannot be proved is never green. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { RecoveryTestResult } from '../../domain/verification/results';
import { TestSystem, type Up } from '../support/system';
import { serverTime } from './load';

let system: TestSystem;
let up: Up;
let scratch: string;

beforeAll(async () => {
  system = await TestSystem.create({
    configure: (config) => {
      (config['stores'] as Record<string, unknown>)['cold'] = { kind: 'dir', path: 'cold' };
      config['verification'] = { scratch: 'scratch' };
      const sites = config['sites'] as { dc01: { components: { database: object } }; dc02?: object };
      Object.assign(sites.dc01.components.database, { probes: ['select count(*) >= 20000 from t'] });
      sites.dc02 = { components: { papers: { kind: 'files', paths: ['papers'] } } };
    },
  });
  mkdirSync(path.join(system.dir, 'papers'));
  scratch = path.join(system.dir, 'scratch');
  const { cluster } = system;
  await cluster.psql(`create table t (id int primary key, x text);
    insert into t select g, md5(g::text) from generate_series(1, 20000) g`);
  up = await system.up();
  await system.procedure('backup', '--site', 'dc01');
  for (let row = 0; row < 20; row++) await cluster.psql(`insert into t values (${100_000 + row}, 'later')`);
  await system.covered(await serverTime(cluster));
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

async function results(site = 'dc01'): Promise<RecoveryTestResult[]> {
  const { stdout } = await system.cli('recovery-test', 'report', '--site', site, '--json');
  return JSON.parse(stdout) as RecoveryTestResult[];
}

const play = (scenario: string, site = 'dc01') => system.procedure('recovery-test', 'run', scenario, '--site', site);

/** All of them take minutes on a busy machine: `HOLDFAST_TEST_SCENARIOS=all` plays the rest too. */
const everything = process.env.HOLDFAST_TEST_SCENARIOS === 'all';

const shows: Record<string, RegExp[]> = {
  data_corruption: [/was overwritten/, /was truncated/, /found all 2 damaged files/, /pg_amcheck: no damage/],
  point_in_time_recovery: [/last transaction that is there|no transaction lies between/],
  ...(everything && {
    partial_recovery: [/nothing but database was restored/],
    full_recovery: [/config: restored and proved/],
  }),
};

test.each(Object.entries(shows))('%s is proved, kept, and leaves nothing behind', async (scenario, evidence) => {
  const run = await play(scenario);
  expect(run.error).toBeUndefined();
  expect(run).toMatchObject({ status: 'completed', exit: 0, details: { recoveryTest: { status: 'proved' } } });
  const [stored] = await results();
  expect(stored).toMatchObject({ site: 'dc01', status: 'proved', scenarios: [{ scenario, status: 'proved' }] });
  for (const one of evidence) expect(stored?.scenarios[0]?.evidence.join('\n')).toMatch(one);
  if (scenario === 'point_in_time_recovery') expect(stored?.scenarios[0]?.seed).toMatch(/./);
  expect(readdirSync(scratch)).toEqual([]);
});

test('a site takes over another one’s database, asks it what that site wants asked, and the report names both', async () => {
  const run = await play('cross_site_recovery', 'dc02');
  expect(run.error).toBeUndefined();
  const [stored] = await results('dc02');
  const [played] = stored?.scenarios ?? [];
  expect(stored).toMatchObject({ site: 'dc02', status: 'proved' });
  expect(played?.chosen).toMatch(/^sys_dc01_full_\S+ of dc01, restored at dc02 from hot$/);
  const evidence = played?.evidence.join('\n');
  for (const one of [/pg_amcheck: no damage/, /1 probes hold/, /config: restored and proved/])
    expect(evidence).toMatch(one);
  const file = path.join(system.dir, 'cross.html');
  expect((await system.cli('recovery-test', 'report', '--site', 'dc02', '--output', file)).code).toBe(0);
  expect(readFileSync(file, 'utf8')).toContain(String(played?.chosen));
  expect(readdirSync(scratch)).toEqual([]);
});

test('the results are one page that needs nothing else', async () => {
  const [newest] = await results();
  const file = path.join(system.dir, 'backup_test.html');
  expect((await system.cli('recovery-test', 'report', '--site', 'dc01', '--output', file)).code).toBe(0);
  const dir = path.dirname(file);
  expect((await system.cli('recovery-test', 'report', '--site', 'dc01', '--output', dir)).code).toBe(0);
  const day = newest?.startedAt.slice(0, 10).replaceAll('-', '');
  const html = readFileSync(file, 'utf8');
  expect(readFileSync(path.join(dir, `backup_test_${day}.html`), 'utf8')).toBe(html);
  const nowhere = await system.cli('recovery-test', 'report', '--output', path.join(dir, 'none', 'x.html'), '--json');
  expect([nowhere.code, JSON.parse(nowhere.stdout)]).toMatchObject([
    2,
    { error: { code: 'usage', where: '--output' } },
  ]);
  expect(html).toContain(`Recovery tests of sys, dc01, ${newest?.startedAt}`);
  expect(html).toContain('data_corruption');
  expect(html).not.toMatch(/<script|https?:\/\//);
});

test('what cannot be played here, and what is not there, is told apart from failure', async () => {
  const { code, stdout } = await system.cli('recovery-test', 'run', '--all', '--suite', 'framework', '--json');
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 2, error: { code: 'framework_not_found' } });
  const typo = await play('full_recovry');
  expect(typo).toMatchObject({ exit: 2, error: { code: 'usage', hints: ['did you mean "full_recovery"?'] } });
});

test('a copy that is damaged in its only other store fails its scenario and no other', async () => {
  const packs = path.join(system.dir, 'cold', 'backups');
  const [backup = ''] = readdirSync(packs);
  for (const name of readdirSync(path.join(packs, backup, 'packs'))) rmSync(path.join(packs, backup, 'packs', name));
  const run = await play('cross_site_recovery');
  expect(run).toMatchObject({ status: 'failed', exit: 1, error: { code: 'recovery_failed' } });
  const [{ scenarios } = { scenarios: [] }] = await results();
  expect(scenarios[0]?.warnings.join()).toContain('no store holds a backup of another site (dc02)');
  const sample = await system.procedure('verify', '--sample', '--site', 'dc01');
  expect(sample.details).toMatchObject({ seed: expect.stringMatching(/./) });
  const looked = JSON.stringify(sample.details?.['sample']);
  for (const one of [/in hot \(latest\)/, /in cold \((random|each-store)\)/, /the way to 20/])
    expect(looked).toMatch(one);
  expect(sample).toMatchObject({ status: 'failed', exit: 1, error: { code: 'object_not_found' } });
  expect(sample.warnings.join('\n')).toContain('in cold');
  expect(sample.warnings.join('\n')).not.toContain('in hot');
  expect(existsSync(scratch) ? readdirSync(scratch) : []).toEqual([]);
});
