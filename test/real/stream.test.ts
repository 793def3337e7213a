/** A database that is backed up over its connection alone: the whole chain, for a server whose files nobody of ours sees. */

import { overConnection } from '../support/streamed';
import { TestSystem, type Up } from '../support/system';
import { Load, scale } from './load';
import { placeFor, proveCopy, sumsCovered, verifyPlaced } from './whole-chain';

let system: TestSystem;
let up: Up;

beforeAll(async () => {
  system = await TestSystem.create({
    cluster: { tablespaces: ['fast'], checksums: true },
    configure: overConnection('backup'),
  });
  const { cluster } = system;
  await cluster.pgbench(['-i', '-q', '-s', String(scale)]);
  await cluster.psql(`create role backup login replication;
    create table spaced (id int primary key, x text) tablespace fast;
    insert into spaced select g, md5(g::text) from generate_series(1, 20000) g;
    create unlogged table fleeting as select generate_series(1, 1000) as n;
    select count(lo_from_bytea(0, decode(md5(g::text), 'hex'))) from generate_series(1, 200) g;`);
  up = await system.up();
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

test('a backup under load restores whole, with nothing but REPLICATION', async () => {
  const load = await Load.start(system.cluster, { bench: true });
  const backup = await system.procedure('backup');
  await load.stop();
  expect(backup.error).toBeUndefined();
  expect(backup).toMatchObject({ status: 'completed', exit: 0, warnings: [] });
  const sums = await sumsCovered(system);
  const { to, database } = placeFor(system, 'placed');
  const restore = await system.procedure('restore', 'latest', '--to', to, '--place-only');
  expect(restore.error).toBeUndefined();
  await verifyPlaced(system, database);
  await proveCopy(system, database, sums);
});
