/** What keeps a base backup over the protocol from beginning or ending, on real servers, and what is said of it. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { checkStreamed } from '../../../../components/postgres/base-backup/check';
import { captureStreamed } from '../../../../components/postgres/base-backup/facts';
import { streamFailure } from '../../../../components/postgres/base-backup/failures';
import { BaseBackupStream } from '../../../../components/postgres/base-backup/stream';
import { withClient } from '../../../../components/postgres/connection';
import { clientConfig } from '../../../../components/postgres/conninfo';
import { serverFacts } from '../../../../components/postgres/server';
import { ReplicationConnection } from '../../../../components/postgres/wal/replication';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import { damage } from '../copy-by-plan';

let cluster: Cluster;

beforeAll(async () => {
  cluster = await startCluster({ name: 'bbt', conf: { max_wal_senders: 3 } });
  await cluster.psql(`create role plain login; create role sender login replication;
    create table big as select g, md5(g::text) m from generate_series(1, 300000) g; checkpoint`);
});
afterAll(() => cluster?.destroy());

const as = (user: string) => ({ ...clientConfig(cluster.conninfo), user });
const bad = async (user: string) =>
  (await checkStreamed(as(user))).findings
    .filter(({ level, code }) => level !== 'ok' && code !== 'fsync')
    .map(({ code, level }) => [code, level]);

/** Reads everything; `meanwhile` is called before the first entry's bytes are. */
async function streamed(user = 'postgres', meanwhile: () => Promise<unknown> = async () => undefined) {
  const connection = await ReplicationConnection.open(as(user), 'holdfast/test/1');
  try {
    const stream = await BaseBackupStream.begin(connection, 'test');
    await meanwhile();
    let bytes = 0;
    for await (const { body } of stream.entries()) for await (const part of body) bytes += part.length;
    return { stream, bytes, end: stream.end() };
  } finally {
    await connection.close();
  }
}

test('REPLICATION is enough, and what a role beyond that would add is said', async () => {
  expect(await bad('postgres')).toEqual([]);
  expect(await bad('sender')).toEqual([['settings_rights', 'warning']]);
  const server = await withClient(as('sender'), serverFacts);
  const { stream, end, bytes } = await streamed('sender');
  expect(bytes).toBeGreaterThan(20e6);
  const owner = { user: 'postgres', uid: 1, gid: 1 };
  const { facts, warnings } = await withClient(as('sender'), (client) =>
    captureStreamed(client, { server, beginning: stream.beginning, end, owner }),
  );
  expect(warnings).toEqual([]);
  expect(facts).toMatchObject({
    dataDir: '',
    settings: { max_connections: '60' },
    systemIdentifier: server.systemIdentifier,
  });
});

test('a role without REPLICATION is refused with what it needs', async () => {
  expect(await bad('plain')).toContainEqual(['postgres_rights', 'error']);
  await expect(
    ReplicationConnection.open(as('plain'), 'holdfast/test/2').catch((error: unknown) =>
      Promise.reject(streamFailure(error)),
    ),
  ).rejects.toMatchObject({ code: 'postgres_rights', hints: [expect.stringContaining('REPLICATION')] });
});

test('without a line of pg_hba.conf for replication the check says so', async () => {
  const file = path.join(cluster.dataDir, 'pg_hba.conf');
  const before = readFileSync(file);
  writeFileSync(file, 'local all all trust\n');
  await cluster.psql('select pg_reload_conf()');
  try {
    // The server reads its files again a moment after it said that it would.
    for (let tries = 0; tries < 100 && (await bad('sender')).length < 2; tries++) await sleep(50);
    expect(await bad('sender')).toContainEqual(['postgres_rights', 'error']);
  } finally {
    writeFileSync(file, before);
    await cluster.psql('select pg_reload_conf()');
  }
});

test('without a free WAL sender it is worth waiting, and the check counts the one of the shipper', async () => {
  const taken = [
    await ReplicationConnection.open(as('sender'), 'holdfast/test/3'),
    await ReplicationConnection.open(as('sender'), 'holdfast/test/3'),
  ];
  expect(await bad('sender')).toContainEqual(['max_wal_senders', 'error']);
  taken.push(await ReplicationConnection.open(as('sender'), 'holdfast/test/3'));
  const refused = await streamed('sender').catch((error: unknown) => streamFailure(error));
  expect(refused).toMatchObject({
    code: 'postgres_unreachable',
    retryable: true,
    message: expect.stringMatching('max_wal_senders'),
  });
  for (const one of taken) await one.close();
});

test('a page whose checksum is wrong is named by the server, and the copy is made all the same', async () => {
  const file = await cluster.psql("select pg_relation_filepath('big')");
  await cluster.stop();
  damage(path.join(cluster.dataDir, file), 3 * 8192 + 4000);
  await cluster.start();
  const { end } = await streamed();
  expect(end.warnings).toContainEqual(expect.stringMatching(new RegExp(`${file}", block 3`)));
  await cluster.stop();
  damage(path.join(cluster.dataDir, file), 3 * 8192 + 4000);
  await cluster.start();
});

test('a server that is killed in the middle cuts the backup off: a new one may be tried', async () => {
  await expect(streamed('postgres', () => cluster.kill9())).rejects.toMatchObject({ code: 'backup_session_lost' });
  await cluster.start();
  expect((await streamed()).end.warnings).toEqual([]);
});

test('a server that shuts down in order cuts it off as well', async () => {
  await expect(streamed('postgres', () => cluster.stop())).rejects.toMatchObject({ code: 'backup_session_lost' });
  await cluster.start();
});

test('an answer from another system than the one that sent its files is refused', async () => {
  const { stream, end } = await streamed();
  const server = { ...(await withClient(as('postgres'), serverFacts)), systemIdentifier: '1' };
  const owner = { user: 'postgres', uid: 1, gid: 1 };
  const capture = { server, beginning: stream.beginning, end, owner };
  await expect(withClient(as('postgres'), (client) => captureStreamed(client, capture))).rejects.toMatchObject({
    code: 'wrong_system',
  });
});
