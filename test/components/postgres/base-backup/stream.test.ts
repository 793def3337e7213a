/** A base backup over the protocol, from a real server to a started copy. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import path from 'node:path';
import { clientConfig } from '../../../../components/postgres/conninfo';
import { giveTo, type Owner, ownerOf } from '../../../../components/postgres/owner';
import { placeManifest } from '../../../../components/postgres/place-manifest';
import { prepareDataDirectory } from '../../../../components/postgres/prepare';
import { leaveReadyToReplay } from '../../../../components/postgres/recovery-settings';
import { findServerTools } from '../../../../components/postgres/tools';
import { verifyRestored } from '../../../../components/postgres/verify-restored';
import type { TreeEntry } from '../../../../domain/tree';
import { type Cluster, startCluster } from '../../../support/postgres-cluster';
import { scratchBase } from '../../../support/postgres-host';
import { openRestored, tableSums } from '../../../support/proof';
import { copyByPlan, spoolWal } from '../copy-by-plan';
import { copyByStream, type Meanwhile, type StreamedCopy } from '../copy-by-stream';

let cluster: Cluster;
let owner: Owner;
let dir: string;
let count = 0;

beforeAll(async () => {
  cluster = await startCluster({ name: 'bbs', tablespaces: ['side'] });
  owner = ownerOf(cluster.dataDir);
  dir = mkdtempSync(path.join(scratchBase(), 'hf-bbs-'));
  giveTo(owner, dir);
  await cluster.psql(`create database other; create table big as select g, md5(g::text) m from generate_series(1, 60000) g;
    create table elsewhere (id int primary key, x text) tablespace side;
    insert into elsewhere select g, md5(g::text) from generate_series(1, 5000) g;
    create unlogged table fleeting as select 1 as one; create index on fleeting (one);
    create table doomed as select g, md5(g::text) m from generate_series(1, 200000) g;
    select count(lo_from_bytea(0, decode(md5(g::text), 'hex'))) from generate_series(1, 200) g; checkpoint;`);
  await cluster.psql('create table here (x int); insert into here values (1)', 'other');
});
afterAll(async () => {
  await cluster?.destroy();
  rmSync(dir, { recursive: true, force: true });
});

interface Copied extends StreamedCopy {
  dataDir: string;
  tablespaces: Record<string, string>;
}

async function copy(source: Cluster, meanwhile?: Meanwhile): Promise<Copied> {
  const dataDir = path.join(dir, `copy-${++count}`);
  const tablespaces: Record<string, string> = {};
  const rootOf = (root: string): string => {
    if (root === 'data') return dataDir;
    tablespaces[root] ??= path.join(`${dataDir}.tablespaces`, root);
    mkdirSync(path.dirname(tablespaces[root]), { recursive: true });
    return tablespaces[root];
  };
  return { ...(await copyByStream(clientConfig(source.conninfo), rootOf, owner, meanwhile)), dataDir, tablespaces };
}

/** Empty folders for the same trees. */
function roots(name: string, { tablespaces }: Copied): Record<string, string> {
  const all = Object.fromEntries(
    ['data', ...Object.keys(tablespaces)].map((root) => [root, path.join(dir, name, root)]),
  );
  for (const one of Object.values(all)) mkdirSync(one, { recursive: true });
  return all;
}

/** Judged by `pg_verifybackup`, started, replayed to the end of the primary's WAL, checked, its tables compared. */
async function prove({ dataDir, facts, tablespaces, runs }: Copied): Promise<void> {
  const sums = await tableSums(cluster);
  const spoolDir = cluster.directory(path.join(dir, `spool-${count}`));
  await spoolWal(cluster, spoolDir);
  const { generated } = prepareDataDirectory({ dataDir, owner, facts, tablespaces, spoolDir, inPlace: false });
  await placeManifest(dataDir, owner, { facts, runs, generated });
  leaveReadyToReplay(dataDir, owner, { target: { kind: 'end-of-wal' }, spoolDir });
  const tools = await findServerTools(Math.floor(facts.versionNum / 10000));
  expect(await verifyRestored(tools, owner, dataDir)).toMatch('successfully verified');
  const opened = await openRestored(cluster, dataDir);
  try {
    expect(await opened.sums()).toEqual(sums);
    await opened.amcheck();
    const client = await opened.client();
    expect((await client.query('select count(*)::int as n from fleeting')).rows).toEqual([{ n: 0 }]);
  } finally {
    await opened.close();
  }
}

test('a copy of a server in use is whole: tablespaces, large objects, a table dropped on the way', async () => {
  const unlogged = await cluster.psql(`select pg_relation_filepath('fleeting')`);
  const oid = await cluster.psql(`select oid from pg_tablespace where spcname = 'side'`);
  const copied = await copy(cluster, async (_entry, number) => {
    if (number !== 1) return;
    await cluster.psql('drop table doomed; update elsewhere set x = x || id; checkpoint');
  });
  const names = copied.entries.map(({ root, path: one }) => `${root}/${String(one)}`);
  expect(names).toContain(`${oid}/`);
  expect(names.at(-1)).toBe('data/global/pg_control');
  expect(names).not.toContain(`data/${unlogged}`);
  expect(names).toContain(`data/${unlogged}_init`);
  expect(
    names.filter((one) => /postmaster|pg_internal|^data\/pg_wal\/0|backup_label|tablespace_map/.test(one)),
  ).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
  expect(copied.facts).toMatchObject({
    timeline: 1,
    backupLabel: expect.stringContaining("LABEL: a label's quote"),
    tablespaceMap: expect.stringContaining('/ts-side'),
    tablespaces: [{ oid, location: expect.stringMatching(/\/ts-side$/) }],
    settings: { max_connections: '60', bootstrap_user: 'postgres' },
  });
  expect(copied.facts.startTime < copied.facts.stopTime).toBe(true);
  expect(copied.warnings).toEqual([]);
  await prove(copied);
});

test('what comes over the connection is what lies in the files', async () => {
  await cluster.psql('checkpoint');
  const streamed = await copy(cluster);
  const walked = await copyByPlan(cluster, roots('walked', streamed));
  const seen = (entries: TreeEntry[]) =>
    entries
      // The server leaves out a folder that it makes when it needs it.
      .filter(({ path: one }) => one !== 'base/pgsql_tmp')
      .map(({ root, path: one, type, mode, uid, gid, size }) =>
        [root, String(one), type, mode, uid, gid, size].join(' '),
      )
      .sort();
  expect(seen(streamed.entries)).toEqual(seen(walked.planned.map(({ entry }) => entry)));
});

test('a standby is a source as good as its primary', async () => {
  const standby = await cluster.standby();
  const copied = await copy(standby);
  const names = copied.entries.map(({ path: one }) => String(one));
  expect(names).not.toContain('standby.signal');
  expect(copied.facts.backupLabel).toMatch('BACKUP FROM: standby');
  await prove(copied);
});
