/** The same procedure twice is one procedure; two different ones do not meet in one place. */
import { endOf, TestSystem, type Up } from '../support/system';
import { placeFor, proveCopy, sumsCovered } from './whole-chain';

let system: TestSystem;
let up: Up;
beforeAll(async () => {
  system = await TestSystem.create({
    configure: (config) => {
      const { dc01 } = config['sites'] as { dc01: { components: Record<string, { probes?: string[] }> } };
      const { database } = dc01.components;
      if (database) database.probes = ['select pg_sleep(3)']; // a restore takes long enough to be joined
    },
  });
  await system.cluster.psql('create table t as select g, md5(g::text) from generate_series(1, 200000) g');
  up = await system.up();
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

test('two backups started at once are one backup, and both tell its end', async () => {
  const both = await Promise.all([system.procedure('backup'), system.procedure('backup')]);
  const [one, other] = both;
  expect(one.error).toBeUndefined();
  expect(other).toEqual({ ...one, stderr: other.stderr });
  expect(both.filter(({ stderr }) => stderr.includes('runs already: joined it'))).toHaveLength(1);
  const list = await system.cli('list', '--json');
  expect(JSON.parse(list.stdout)).toHaveLength(1);
});

test('the next backup is another one', async () => {
  const backup = await system.procedure('backup');
  expect(backup.status).toBe('completed');
  const list = JSON.parse((await system.cli('list', '--json')).stdout) as { id: string }[];
  expect(new Set(list.map(({ id }) => id)).size).toBe(2);
});

test('a restore to a target is joined by the same request, and refuses another; elsewhere is free', async () => {
  const sums = await sumsCovered(system);
  const { to, database } = placeFor(system, 'one');
  const child = system.spawn(['restore', 'latest', '--to', to, '--json']);
  const first = endOf(child);
  await new Promise((resolve) => child.stderr?.once('data', resolve));
  const [again, another, elsewhere] = await Promise.all([
    system.procedure('restore', 'latest', '--to', to),
    system.procedure('restore', 'latest', '--to', to, '--component', 'config'),
    system.procedure('restore', 'latest', '--to', placeFor(system, 'two').to, '--component', 'config'),
  ]);
  const end = await first;
  expect(end.code).toBe(0);
  expect(again).toMatchObject({ status: 'completed', startedAt: (JSON.parse(end.stdout) as typeof again).startedAt });
  expect(another).toMatchObject({ exit: 2, error: { code: 'already_running' } });
  expect(elsewhere.error).toBeUndefined();
  await proveCopy(system, database, sums);
});
