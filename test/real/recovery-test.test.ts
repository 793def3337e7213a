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

test('all scenarios are proved, kept, and shown on one page that needs nothing else', async () => {
  const run = await system.procedure('recovery-test', 'run', '--all');
  expect(run.error).toBeUndefined();
  expect(run).toMatchObject({ status: 'completed', exit: 0, details: { recoveryTest: { status: 'proved' } } });
  const [stored] = await results();
  expect(stored).toMatchObject({ site: 'dc01', status: 'proved' });
  const shown = Object.fromEntries((stored?.scenarios ?? []).map((one) => [one.scenario, one.evidence.join('\n')]));
  expect(shown['data_corruption']).toMatch(/was overwritten[\s\S]*was truncated[\s\S]*found all 2 damaged files/);
  expect(shown['partial_recovery']).toContain('nothing but database was restored');
  expect(shown['full_recovery']).toContain('config: restored and proved');
  expect(shown['cross_site_recovery']).toMatch(/pg_amcheck: no damage/);
  expect(shown['point_in_time_recovery']).toMatch(/last transaction that is there|no transaction lies between/);
  expect(readdirSync(scratch)).toEqual([]);
  const file = path.join(system.dir, 'backup_test.html');
  expect((await system.cli('recovery-test', 'report', '--output', file)).code).toBe(0);
  const html = readFileSync(file, 'utf8');
  expect(html).toContain(`Recovery tests of sys, dc01, ${stored?.startedAt}`);
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
