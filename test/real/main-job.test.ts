import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { openRestored, tableSums } from '../support/proof';
import { TestSystem } from '../support/system';

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.create({ cluster: { tablespaces: ['fast'] } });
  await system.cluster.psql(`create table t (id int primary key, x text); create table u (id int) tablespace fast;
    insert into t select g, md5(g::text) from generate_series(1, 20000) g; insert into u select generate_series(1, 5000);
    select lo_from_bytea(0, 'a large object');`);
});
afterAll(async () => {
  await system?.destroy();
});

test('a backup made without an engine running can be restored to another directory, whole', async () => {
  const backup = await system.procedure('backup');
  expect(backup).toMatchObject({ status: 'completed', exit: 0 });
  expect(backup.warnings).toContainEqual(expect.stringContaining('no shipper was running'));
  const sums = await tableSums(system.cluster);
  const to = path.join(system.dir, 'out');
  const restore = await system.procedure('restore', 'latest', '--to', to);
  expect(restore.error).toBeUndefined();
  expect(restore).toMatchObject({ status: 'completed', exit: 0 });
  expect(readFileSync(path.join(to, 'config', system.filesDir, 'app.conf'), 'utf8')).toBe('answer = 42\n');
  const opened = await openRestored(system.cluster, path.join(to, 'database'));
  expect(await opened.sums()).toEqual(sums);
  await opened.amcheck();
  await opened.close();
});

test('a path that must be there and is not ends the restore, and leaves nothing', async () => {
  const text = readFileSync(system.config, 'utf8');
  const config = parse(text) as { sites: { dc01: { components: { config: { probes?: string[] } } } } };
  config.sites.dc01.components.config.probes = [system.filesDir, path.join(system.filesDir, 'never-there')];
  writeFileSync(system.config, stringify(config));
  const to = path.join(system.dir, 'probed');
  const restore = await system.procedure('restore', 'latest', '--to', to, '--component', 'config');
  writeFileSync(system.config, text);
  expect(restore.error).toMatchObject({
    code: 'validation_failed',
    where: path.join(to, 'config', system.filesDir, 'never-there'),
  });
  expect(existsSync(to)).toBe(false);
});

test('in place: what was wrecked is back, the server runs again, the aside data is gone', async () => {
  writeFileSync(path.join(system.filesDir, 'app.conf'), 'answer = 41\n');
  const restore = await system.procedure('restore', 'latest');
  expect(restore.error).toBeUndefined();
  expect(restore).toMatchObject({ status: 'completed', exit: 0 });
  expect(readFileSync(path.join(system.filesDir, 'app.conf'), 'utf8')).toBe('answer = 42\n');
  expect(await system.cluster.psql('select count(*) from u')).toBe('5000');
});
