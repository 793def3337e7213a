import { withClient } from '../../../components/postgres/connection';
import { clientConfig } from '../../../components/postgres/conninfo';
import { checkMarking, createRestorePoint } from '../../../components/postgres/restore-point';
import { parseLsn } from '../../../domain/lsn';
import { type Cluster, startCluster } from '../../support/postgres-cluster';

let cluster: Cluster;
const superuser = () => clientConfig(cluster.conninfo);
const role = () => ({ ...superuser(), user: 'plain' });
const current = async () => parseLsn(await cluster.psql('select pg_current_wal_insert_lsn()'));

beforeAll(async () => {
  cluster = await startCluster({ name: 'rp' });
  await cluster.psql('create role plain login');
});
afterAll(() => cluster?.destroy());

test('a mark lies where the server wrote it, at a time before it', async () => {
  const before = await current();
  const mark = await createRestorePoint(superuser(), { name: 'one', switchWal: false });
  expect(mark).toMatchObject({ timeline: 1, name: 'one', systemIdentifier: expect.stringMatching(/^\d+$/) });
  expect(parseLsn(mark.lsn)).toBeGreaterThan(before);
  expect(parseLsn(mark.lsn)).toBeLessThanOrEqual(await current());
  const later = await cluster.psql(`select timestamptz '${mark.at}' <= clock_timestamp()`);
  expect(later).toBe('t');
});

test('a server that hands its WAL over by the segment hands the mark over now', async () => {
  const segment = () => cluster.psql('select pg_walfile_name(pg_current_wal_insert_lsn())');
  const before = await segment();
  await createRestorePoint(superuser(), { name: 'kept', switchWal: false });
  expect(await segment()).toBe(before);
  await createRestorePoint(superuser(), { name: 'switched', switchWal: true });
  await cluster.psql('select pg_logical_emit_message(false, $$test$$, $$one$$)');
  expect(await segment()).not.toBe(before);
});

test('a role without the right is told which', async () => {
  const refused = createRestorePoint(role(), { name: 'two', switchWal: true });
  await expect(refused).rejects.toMatchObject({
    code: 'postgres_rights',
    hints: expect.arrayContaining([expect.stringContaining('pg_create_restore_point, pg_switch_wal')]),
  });
  expect(await checkMarking(role(), false)).toMatchObject({
    level: 'error',
    hint: 'grant execute on function pg_create_restore_point to plain',
  });
  await cluster.psql('grant execute on function pg_create_restore_point to plain');
  expect(await checkMarking(role(), false)).toMatchObject({ level: 'ok' });
  expect(await checkMarking(role(), true)).toMatchObject({ level: 'error' });
  expect(await createRestorePoint(role(), { name: 'three', switchWal: false })).toMatchObject({ name: 'three' });
});

test('a standby creates none: there the mark is how far it has replayed', async () => {
  const standby = await cluster.standby();
  const config = clientConfig(standby.conninfo);
  const mark = await createRestorePoint(config, { name: 'four', switchWal: true });
  expect(mark).not.toHaveProperty('name');
  expect(mark.timeline).toBe(1);
  const replayed = await withClient(config, (client) => client.query('select pg_last_wal_replay_lsn()::text as lsn'));
  expect(parseLsn(mark.lsn)).toBeLessThanOrEqual(parseLsn((replayed.rows[0] as { lsn: string }).lsn));
});
