/** Recoveries played through on a real system: each scenario proves what it says, and one that cannot be proved is never green. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
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
    },
  });
  scratch = path.join(system.dir, 'scratch');
  const { cluster } = system;
  await cluster.psql(`create table t (id int primary key, x text);
    insert into t select g, md5(g::text) from generate_series(1, 20000) g`);
  up = await system.up();
  await system.procedure('backup');
  for (let row = 0; row < 20; row++) await cluster.psql(`insert into t values (${100_000 + row}, 'later')`);
  await system.covered(await serverTime(cluster));
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

async function results(): Promise<RecoveryTestResult[]> {
  const { stdout } = await system.cli('recovery-test', 'report', '--json');
  return JSON.parse(stdout) as RecoveryTestResult[];
}

/** All of them take minutes on a busy machine: `HOLDFAST_TEST_SCENARIOS=all` plays the rest too. */
const everything = process.env.HOLDFAST_TEST_SCENARIOS === 'all';

const shows: Record<string, RegExp[]> = {
  data_corruption: [/was overwritten/, /was truncated/, /found all 2 damaged files/, /pg_amcheck: no damage/],
  point_in_time_recovery: [/last transaction that is there|no transaction lies between/],
  ...(everything && {
    partial_recovery: [/nothing but database was restored/],
    full_recovery: [/config: restored and proved/],
    cross_site_recovery: [/pg_amcheck: no damage/],
  }),
};

test.each(Object.entries(shows))('%s is proved, kept, and leaves nothing behind', async (scenario, evidence) => {
  const run = await system.procedure('recovery-test', 'run', scenario);
  expect(run.error).toBeUndefined();
  expect(run).toMatchObject({ status: 'completed', exit: 0, details: { recoveryTest: { status: 'proved' } } });
  const [stored] = await results();
  expect(stored).toMatchObject({ site: 'dc01', status: 'proved', scenarios: [{ scenario, status: 'proved' }] });
  for (const one of evidence) expect(stored?.scenarios[0]?.evidence.join('\n')).toMatch(one);
  expect(readdirSync(scratch)).toEqual([]);
});

test('the results are one page that needs nothing else', async () => {
  const [newest] = await results();
  const file = path.join(system.dir, 'backup_test.html');
  expect((await system.cli('recovery-test', 'report', '--output', file)).code).toBe(0);
  const html = readFileSync(file, 'utf8');
  expect(html).toContain(`Recovery tests of sys, dc01, ${newest?.startedAt}`);
  expect(html).toContain('data_corruption');
  expect(html).not.toMatch(/<script|https?:\/\//);
});

test('what cannot be played here, and what is not there, is told apart from failure', async () => {
  const { code, stdout } = await system.cli('recovery-test', 'run', '--all', '--suite', 'framework', '--json');
  expect({ code, ...JSON.parse(stdout) }).toMatchObject({ code: 2, error: { code: 'framework_not_found' } });
  const typo = await system.procedure('recovery-test', 'run', 'full_recovry');
  expect(typo).toMatchObject({ exit: 2, error: { code: 'usage', hints: ['did you mean "full_recovery"?'] } });
});

test('a copy that is damaged in its only other store fails its scenario and no other', async () => {
  const packs = path.join(system.dir, 'cold', 'backups');
  const [backup = ''] = readdirSync(packs);
  for (const name of readdirSync(path.join(packs, backup, 'packs'))) rmSync(path.join(packs, backup, 'packs', name));
  const run = await system.procedure('recovery-test', 'run', 'cross_site_recovery');
  expect(run).toMatchObject({ status: 'failed', exit: 1, error: { code: 'recovery_failed' } });
  const sample = await system.procedure('verify', '--sample');
  expect(sample).toMatchObject({ status: 'failed', exit: 1, error: { code: 'object_not_found' } });
  expect(sample.warnings.join('\n')).toContain('in cold');
  expect(sample.warnings.join('\n')).not.toContain('in hot');
  expect(existsSync(scratch) ? readdirSync(scratch) : []).toEqual([]);
});
