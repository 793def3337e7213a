/** What `doctor` says of a mode in which commits wait, asked of a real server. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Cluster, startCluster } from '../../support/postgres-cluster';
import { runCli, scratch } from '../run-cli';

const folder = scratch();
let cluster: Cluster;
beforeAll(async () => {
  cluster = await startCluster({ name: 'doc' });
});
afterAll(() => cluster.destroy());
afterEach(() => set('all'));

async function set(name: string, value?: string): Promise<void> {
  await cluster.psql(value === undefined ? `alter system reset ${name}` : `alter system set ${name} = ${value}`);
  await cluster.psql('select pg_reload_conf()');
}

interface Finding {
  area: string;
  code: string;
  level: string;
  what: string;
  hint?: string;
}

async function doctor(mode: string): Promise<Finding[]> {
  const database = `{ kind: postgres, connection: "${cluster.conninfo}", dataDir: ${cluster.dataDir}, wal: { mode: ${mode} } }`;
  const config = `system: shop\nstores: { local: { kind: dir, path: store } }\nsites: { dc01: { components: { database: ${database} } } }\n`;
  writeFileSync(path.join(folder, 'holdfast.yaml'), config);
  const { stdout } = await runCli(['doctor', '--json'], folder);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.filter(({ area }) => area === 'dc01 database');
}

const codes = (findings: Finding[], level: string) =>
  findings.filter((one) => one.level === level).map(({ code }) => code);

test('a server whose commits can wait', async () => {
  const findings = await doctor('sync');
  expect(codes(findings, 'error')).toEqual([]);
  expect(findings).toContainEqual(expect.objectContaining({ code: 'wal_mode', level: 'ok' }));
});

test('remote_apply is told once, in every mode; a setting that waits for nobody only where commits should wait', async () => {
  await set('synchronous_commit', 'remote_apply');
  expect(codes(await doctor('sync'), 'error')).toEqual(['remote_apply']);
  expect(codes(await doctor('async'), 'error')).toEqual(['remote_apply']);
  await set('synchronous_commit', 'off');
  expect(codes(await doctor('hybrid'), 'error')).toEqual(['synchronous_commit']);
  expect(codes(await doctor('async'), 'error')).toEqual([]);
});

test('standbys that could confirm without the stores, with the way out', async () => {
  await set('synchronous_standby_names', `'ANY 1 (a, b)'`);
  const [found] = (await doctor('sync')).filter(({ level }) => level === 'error');
  expect(found).toMatchObject({ code: 'postgres_misconfigured', what: expect.stringContaining(`'ANY 1 (a, b)'`) });
  expect(found?.hint).toContain('FIRST 1 (a)');
});

test('what another mode left behind is a warning in mode async', async () => {
  await set('synchronous_standby_names', `'FIRST 1 ("holdfast_shop_dc01_database")'`);
  const findings = await doctor('async');
  expect(codes(findings, 'error')).toEqual([]);
  expect(findings).toContainEqual(expect.objectContaining({ code: 'wal_mode', level: 'warning' }));
});
