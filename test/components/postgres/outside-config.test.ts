/** Servers as Debian lays them out: the configuration in a directory of its own; and damage in a live server's files. */
import { mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { captureFacts } from '../../../components/postgres/capture';
import { restoreCapturedConfig } from '../../../components/postgres/captured-config';
import { withClient } from '../../../components/postgres/connection';
import { clientConfig } from '../../../components/postgres/conninfo';
import { recordedArguments } from '../../../components/postgres/instance';
import { minimalConfig } from '../../../components/postgres/minimal-config';
import { ownerOf } from '../../../components/postgres/owner';
import { serverFacts } from '../../../components/postgres/server';
import { BackupSession } from '../../../components/postgres/session';
import { openPostgresSource } from '../../../components/postgres/source';
import { pathsBelow, pathsInPlace } from '../../../components/postgres/target-dirs';
import { openSlice } from '../../../components/tree/read';
import type { PlannableEntry } from '../../../domain/plan-runs';
import { type Cluster, startCluster } from '../../support/postgres-cluster';
import { damage } from './copy-by-plan';

let cluster: Cluster;
let etc: string;

beforeAll(async () => {
  cluster = await startCluster({ name: 'deb', tablespaces: ['side'] });
  await cluster.psql(`create table t as select g, md5(g::text) from generate_series(1, 5000) g; checkpoint`);
  await cluster.stop();
  etc = cluster.directory(path.join(cluster.dir, 'etc'));
  for (const name of ['pg_hba.conf', 'pg_ident.conf'])
    renameSync(path.join(cluster.dataDir, name), path.join(etc, name));
  const lines = ['hba_file', 'ident_file'].map((one) => `${one} = '${etc}/pg_${one.replace('_file', '')}.conf'\n`);
  writeFileSync(path.join(etc, 'more.conf'), "work_mem = '5MB'\n");
  writeFileSync(path.join(cluster.dataDir, 'postgresql.conf'), `${lines.join('')}include '${etc}/more.conf'\n`, {
    flag: 'a',
  });
  const wal = cluster.directory(path.join(cluster.dir, 'wal'));
  rmSync(wal, { recursive: true });
  renameSync(path.join(cluster.dataDir, 'pg_wal'), wal);
  symlinkSync(wal, path.join(cluster.dataDir, 'pg_wal'));
  symlinkSync('/etc/hostname', path.join(cluster.dataDir, 'stray'));
  await cluster.start();
});
afterAll(() => cluster.destroy());

async function opened() {
  const config = clientConfig(cluster.conninfo);
  const server = await withClient(config, serverFacts);
  const session = await BackupSession.open(config, 'a_full_20260101_000000', 1);
  const source = await openPostgresSource(cluster.dataDir, server, session.start.startLsn);
  const items: PlannableEntry[] = [];
  const skipped: { path: string }[] = [];
  for await (const item of source.entries()) {
    if ('skipped' in item) skipped.push(item.skipped);
    else items.push(item);
  }
  const stop = await session.close();
  const { facts, warnings } = captureFacts({ ...source, server, dataDir: cluster.dataDir, start: session.start, stop });
  return { server, source, items, skipped, facts, warnings };
}

test('configuration outside the data is captured, with what it includes', async () => {
  const { facts, warnings } = await opened();
  expect(warnings).toEqual([]);
  expect(facts.configFiles.map((one) => path.basename(one.path))).toEqual([
    'more.conf',
    'pg_hba.conf',
    'pg_ident.conf',
  ]);
  expect(facts.configFiles[0]).toEqual({ path: path.join(etc, 'more.conf'), contents: "work_mem = '5MB'\n" });
  expect(facts.owner.uid).toBe(ownerOf(cluster.dataDir).uid);
  expect(facts.settings).toMatchObject({ max_connections: '60', bootstrap_user: 'postgres' });
});

test('in place, what is missing is put back and what differs is left alone', async () => {
  const { facts } = await opened();
  const owner = ownerOf(cluster.dataDir);
  writeFileSync(path.join(etc, 'more.conf'), 'mine');
  rmSync(path.join(etc, 'pg_ident.conf'));
  const dataDir = path.join(cluster.dir, 'restored');
  const notes = restoreCapturedConfig({ dataDir, owner, facts, inPlace: true });
  expect(notes).toHaveLength(2);
  expect(readFileSync(path.join(etc, 'more.conf'), 'utf8')).toBe('mine');
  expect(readFileSync(path.join(`${dataDir}.config`, etc, 'more.conf'), 'utf8')).toBe("work_mem = '5MB'\n");
  expect(readFileSync(path.join(etc, 'pg_ident.conf'), 'utf8')).toBe(facts.configFiles[2]?.contents);
  writeFileSync(path.join(etc, 'more.conf'), "work_mem = '5MB'\n");
  expect(restoreCapturedConfig({ dataDir, owner, facts, inPlace: true })).toEqual([]);
});

test('a server starts with the minimal configuration', async () => {
  const { facts } = await opened();
  const twin = await startCluster({ name: 'min' });
  await twin.stop();
  for (const file of minimalConfig(facts, ownerOf(twin.dataDir))) {
    writeFileSync(path.join(twin.dataDir, file.path), file.contents);
  }
  twin.configure({});
  await twin.start(); // connects as root or as the owner, by peer
  expect(await twin.psql('show max_connections')).toBe('60');
  await twin.destroy();
});

test('a WAL directory behind a link becomes a plain one, other links are named', async () => {
  const { items, skipped } = await opened();
  expect(items.find((one) => one.entry.path === 'pg_wal')?.entry).toMatchObject({
    type: 'directory',
    target: undefined,
  });
  expect(items.filter((one) => one.entry.type === 'symlink')).toEqual([]);
  expect(skipped.map((one) => one.path)).toEqual(['stray']);
});

test('a damaged page of a live server is found by file and block', async () => {
  const file = await cluster.psql(`select pg_relation_filepath('t')`);
  damage(path.join(cluster.dataDir, file), 3 * 8192 + 4000);
  const { source, items } = await opened();
  const bad: Record<string, number[] | undefined> = {};
  for (const { entry, check } of items) {
    if (entry.type !== 'file' || entry.size === 0) continue;
    const { root, path: at, size, ino, mtimeNs, ctimeNs } = entry;
    const stamp = { size, ino, mtimeNs, ctimeNs };
    const reader = openSlice({ root, path: at, offset: 0, length: size, stamp, check, mayChange: true }, source.dirs);
    const buffer = Buffer.alloc(1 << 20);
    while (reader.read(buffer) > 0);
    const { badBlocks } = reader.finish();
    if (badBlocks) bad[String(at)] = badBlocks;
  }
  expect(bad).toEqual({ [file]: [3] });
});

test('trees go back to where they were, or below the target', async () => {
  const { facts } = await opened();
  const [{ oid, location }] = facts.tablespaces as [{ oid: string; location: string }];
  expect(pathsInPlace(facts, '/d')).toEqual({ data: '/d', [oid]: location });
  expect(pathsBelow(facts, '/to/db')).toEqual({ data: '/to/db', [oid]: `/to/db.tablespaces/${oid}` });
  expect(pathsBelow(facts, '/to/db', { [location]: '/fast' })).toMatchObject({ [oid]: '/fast' });
  expect(() => pathsBelow(facts, '/to/db', { '/other': '/fast' })).toThrow(expect.objectContaining({ code: 'usage' }));
});

test('the arguments of the last start are read back', () => {
  expect(recordedArguments(cluster.dataDir)).toEqual([]);
  const dir = path.join(cluster.dir, 'opts');
  mkdirSync(dir);
  writeFileSync(path.join(dir, 'postmaster.opts'), '/usr/bin/postgres "-D" "/d" "-c" "config_file=/etc/a b.conf"\n');
  expect(recordedArguments(dir)).toEqual(['-c', 'config_file=/etc/a b.conf']);
});
