import { setTimeout as sleep } from 'node:timers/promises';
import { checkPostgres } from '../../../components/postgres/check';
import { withClient } from '../../../components/postgres/connection';
import { clientConfig } from '../../../components/postgres/conninfo';
import { serverFacts } from '../../../components/postgres/server';
import { BackupSession, endSession, sessionAlive, sessionName } from '../../../components/postgres/session';
import { type Cluster, startCluster } from '../../support/postgres-cluster';

let cluster: Cluster;
let other: Cluster;
const id = 'sys_full_20260101_000000';
const config = () => clientConfig(cluster.conninfo);
const inBackupMode = (name: string) => sessionAlive(config(), name);

beforeAll(async () => {
  [cluster, other] = await Promise.all([
    startCluster({
      name: 'ses',
      tablespaces: ['side'],
      conf: { idle_session_timeout: '700ms', archive_mode: 'on', archive_command: 'false' },
    }),
    startCluster({ name: 'oth' }),
  ]);
});
afterAll(() => Promise.all([cluster.destroy(), other.destroy()]));

test('a session gives the label, and is seen alive until it ends', async () => {
  const session = await BackupSession.open(config(), id, 3);
  expect(await inBackupMode(sessionName(id, 3))).toBe(true);
  expect(await inBackupMode(sessionName(id, 4))).toBe(false);
  expect(session.start).toMatchObject({ timeline: 1, startTime: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/) });
  await sleep(1200); // longer than the server lets others idle
  await session.assertAlive();
  // The archiver is broken: waiting for it would take for ever.
  const stop = await session.close();
  expect(stop.backupLabel).toMatch(`START WAL LOCATION: ${session.start.startLsn} (file 00000001`);
  expect(stop.backupLabel).toMatch(`LABEL: holdfast ${id}`);
  expect(stop.tablespaceMap).toMatch('/ts-side');
  expect(stop.stopTime > session.start.startTime).toBe(true);
  expect(await inBackupMode(sessionName(id, 3))).toBe(false);
  expect(session.lost.aborted).toBe(false);
});

test('a long backup id gives a name that the server does not cut', () => {
  const name = sessionName(`a${'b'.repeat(150)}_full_20260101_000000`, 12);
  expect(name.length).toBeLessThanOrEqual(63);
  expect(name.endsWith('/12')).toBe(true);
});

test('a session that the server ended is lost, at once and for good', async () => {
  const session = await BackupSession.open(config(), id, 5);
  const lost = new Promise((resolve) => session.lost.addEventListener('abort', resolve));
  await cluster.psql(
    `select pg_terminate_backend(pid) from pg_stat_activity where application_name = '${sessionName(id, 5)}'`,
  );
  await lost;
  expect(session.lost.reason).toMatchObject({ code: 'backup_session_lost' });
  await expect(session.close()).rejects.toMatchObject({ code: 'backup_session_lost' });
});

test('a server killed meanwhile loses the session', async () => {
  const session = await BackupSession.open(config(), id, 6);
  await cluster.kill9();
  await expect(session.assertAlive()).rejects.toMatchObject({ code: 'backup_session_lost' });
  await expect(sessionAlive(config(), sessionName(id, 6))).rejects.toMatchObject({ code: 'postgres_unreachable' });
  await cluster.start();
  expect(await inBackupMode(sessionName(id, 6))).toBe(false);
});

test('an abandoned session leaves the server out of backup mode', async () => {
  const session = await BackupSession.open(config(), id, 7);
  await session.abandon();
  await sleep(100);
  expect(await inBackupMode(sessionName(id, 7))).toBe(false);
  expect(session.lost.aborted).toBe(false);
});

test('the facts of a server are those it shows', async () => {
  const facts = await withClient(config(), serverFacts);
  expect(facts).toMatchObject({
    ...{ dataDir: cluster.dataDir, timeline: 1, inRecovery: false, dataChecksums: true, pageSize: 8192 },
    ...{ walSegmentSize: 16 << 20, relationSegmentBlocks: 131072, bootstrapUser: 'postgres', outsideConfig: [] },
    rights: { superuser: true, mayBackUp: true, replication: true, readsAllSettings: true },
  });
  expect(facts.tablespaces).toEqual([
    { oid: expect.any(String), name: 'side', location: expect.stringMatching('ts-side') },
  ]);
  expect(facts.settings['max_connections']).toBe('60');
});

test('a healthy server has no finding above ok', async () => {
  const { findings } = await checkPostgres(config(), cluster.dataDir);
  expect(findings.filter((one) => one.level !== 'ok').map((one) => one.code)).toEqual(['fsync']);
});

test('the data directory of another system is refused, a missing one is too', async () => {
  const codes = async (dataDir: string) => {
    const { findings } = await checkPostgres(config(), dataDir);
    return findings.filter((one) => one.level === 'error').map((one) => one.code);
  };
  expect(await codes(other.dataDir)).toEqual(['wrong_data_directory']);
  expect(await codes('/nowhere')).toEqual(['wrong_data_directory']);
  const standby = await cluster.standby();
  expect(await codes(standby.dataDir)).toEqual(['wrong_data_directory']);
});

test('a role without rights is told each grant it lacks, a role with just those is enough', async () => {
  await cluster.psql('create role poor login');
  const poor = clientConfig(cluster.conninfo.replace('user=postgres', 'user=poor'));
  const before = await checkPostgres(poor, cluster.dataDir);
  const hints = before.findings.filter((one) => one.code === 'postgres_rights').map((one) => one.hint as string);
  expect(hints).toHaveLength(3);
  for (const hint of hints) await cluster.psql(hint);
  const after = await checkPostgres(poor, cluster.dataDir);
  expect(after.findings.filter((one) => one.level === 'error')).toEqual([]);
  const session = await BackupSession.open(poor, id, 9);
  expect((await session.close()).stopLsn).toMatch('/');
});

test('full slots and a server-wide remote_apply are errors with their remedy', async () => {
  await cluster.psql(`alter system set synchronous_commit = 'remote_apply'`);
  await cluster.psql('select pg_reload_conf()');
  await cluster.psql(`select pg_create_physical_replication_slot('s' || g) from generate_series(1, 10) g`);
  const { findings } = await checkPostgres(config(), cluster.dataDir);
  const errors = findings.filter((one) => one.level === 'error');
  expect(errors.map((one) => one.code)).toEqual(['remote_apply', 'max_replication_slots']);
  expect(errors.every((one) => one.hint?.includes('alter system'))).toBe(true);
});

test('a server that does not answer is one finding, without the connection string', async () => {
  const { findings } = await checkPostgres(clientConfig('host=/nowhere password=hunter2 user=x'), '/nowhere');
  expect(findings).toEqual([expect.objectContaining({ code: 'postgres_unreachable', level: 'error' })]);
  expect(JSON.stringify(findings)).not.toContain('hunter2');
});

test('a session is ended by its name from another process’s view, and its holder learns that it was lost', async () => {
  const session = await BackupSession.open(config(), id, 9);
  await endSession(config(), sessionName(id, 9));
  for (let waited = 0; (await inBackupMode(sessionName(id, 9))) && waited < 50; waited++) await sleep(100);
  expect(await inBackupMode(sessionName(id, 9))).toBe(false);
  await expect(session.close()).rejects.toMatchObject({ code: 'backup_session_lost' });
  await endSession(config(), sessionName(id, 9));
});
