/** Without the right key, configuration, server programs or system nothing begins, and the reason is named. */
import { randomBytes } from 'node:crypto';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { SealedManifest } from '../../domain/backup';
import type { ErrorReport } from '../../domain/errors';
import { putHead } from '../../repository/heads';
import { getSealedManifest, putSealedManifest } from '../../repository/sealed-manifest';
import { type Cluster, startCluster } from '../support/postgres-cluster';
import { endOf, TestSystem } from '../support/system';
import { altered, type Ended, expectRefusal, untouched, withCopy } from './bad-case';

let system: TestSystem;
let other: Cluster;
let backup: string;

beforeAll(async () => {
  system = await TestSystem.create();
  other = await startCluster({ name: 'oth' });
  await system.keepServer();
  backup = (await system.procedure('backup')).backupId as string;
}, 60_000);
afterAll(async () => {
  await system?.destroy();
  await other?.destroy();
});

/** A command with `--json` that ends with an error. */
async function told(...args: string[]): Promise<Ended> {
  const { code, stdout, stderr } = await endOf(system.spawn([...args, '--json', '--yes']));
  return { exit: code, stderr, ...(JSON.parse(stdout) as { error?: ErrorReport }) };
}

const restore = (...more: string[]) => untouched(system, () => system.procedure('restore', backup, ...more));

describe('the key', () => {
  const another = () => Buffer.from(`${randomBytes(32).toString('base64')}\n`);

  test('another one is named by its fingerprint, and restores nothing', async () => {
    const end = await altered(system.keyFile, another, () => restore());
    expectRefusal(end, 'key_wrong', { says: /made with another key/, where: system.storeDir, hint: /fingerprint/ });
    expectRefusal(await altered(system.keyFile, another, () => told('list')), 'key_wrong', { says: /another key/ });
    expectRefusal(await altered(system.keyFile, another, () => told('backup')), 'key_wrong', { says: /another key/ });
  });

  test('a key file that is not there, open to others, or garbage', async () => {
    const { keyFile } = system;
    const gone = await altered(
      keyFile,
      () => undefined,
      () => told('list'),
    );
    expectRefusal(gone, 'key_invalid', { says: /ENOENT/, where: keyFile, hint: /openssl rand -base64 32/ });
    chmodSync(keyFile, 0o644);
    const open = await told('list');
    chmodSync(keyFile, 0o600);
    expectRefusal(open, 'key_invalid', { says: /by others than its owner/, where: keyFile, hint: /chmod 600/ });
    const secret = `not a key ${randomBytes(8).toString('hex')}`;
    const garbage = await altered(
      keyFile,
      () => Buffer.from(secret),
      () => told('list'),
    );
    expectRefusal(garbage, 'key_invalid', { says: /32 bytes in base64/, where: keyFile, hint: /openssl/ });
    expect(JSON.stringify(garbage)).not.toContain(secret.slice(10));
  });

  test('none at all, where the repository needs one', async () => {
    const end = await altered(
      system.config,
      (text) => Buffer.from(text.toString().replace(/^encryption:\n(?: .*\n)+/m, '')),
      () => told('list'),
    );
    expectRefusal(end, 'key_wrong', { says: /encrypted and no key is configured/, hint: /encryption\.keyFile/ });
  });
});

describe('the configuration', () => {
  const changed = (from: string | RegExp, to: string) =>
    altered(
      system.config,
      (text) => {
        const other = text.toString().replace(from, to);
        if (other === text.toString()) throw new Error(`nothing like ${from} in the configuration`);
        return Buffer.from(other);
      },
      () => told('backup'),
    );

  test.each<[string, string | RegExp, string, RegExp]>([
    ['a key that is misspelt', 'dataDir:', 'dataDirectory:', /dataDir/],
    ['a kind that is none', 'kind: postgres', 'kind: postgresql', /postgres/],
    ['a store of no kind', 'kind: dir', 'kind: directory', /dir/],
    ['a relative data directory', /dataDir: .*/, 'dataDir: 17', /dataDir/],
    ['text that is no YAML', 'system:', 'system: [', /./],
  ])('%s is told with its line', async (_what, from, to, hint) => {
    const end = await changed(from, to);
    expectRefusal(end, 'config_invalid', { says: /configuration has/, where: /holdfast\.yaml:\d+$/, hint });
  });

  test('that is not there', async () => {
    const end = await told('backup', '--config', path.join(system.dir, 'no.yaml'));
    expectRefusal(end, 'config_not_found', { says: /no configuration/, where: /no\.yaml/, hint: /config init/ });
  });

  test('of another system does not touch this one’s repository', async () => {
    const end = await changed(/^system: sys$/m, 'system: shop');
    expectRefusal(end, 'repository_format', { says: /repository of the system sys/, hint: /of its own/ });
  });
});

describe('names on the command line', () => {
  test.each<[string[], RegExp, RegExp]>([
    [['restore', 'latest', '--component', 'confg'], /confg/, /"config"/],
    [['restore', 'latest', '--site', 'dc9'], /dc9/, /dc01/],
    [['restore', 'latest', '--exclusive'], /--exclusive/, /--at/],
    [['restroe'], /restroe/, /restore/],
    [['backup', '--typ', 'full'], /--typ/, /--type|--help/],
    [['backup', '--type', 'weekly'], /weekly/, /allowed: full/],
  ])('%j is refused with what was meant', async (args, says, hint) => {
    expectRefusal(await told(...args), 'usage', { says, hint });
  });
});

describe('another system', () => {
  /** The same configuration with another server where the backup's is to go. */
  async function elsewhere(): Promise<Ended> {
    const since = other.pid === undefined ? '' : await other.psql('select pg_postmaster_start_time()');
    const config = readFileSync(system.config, 'utf8')
      .replaceAll(system.cluster.dataDir, other.dataDir)
      .replaceAll(system.cluster.conninfo, other.conninfo);
    const file = path.join(system.dir, 'elsewhere.yaml');
    writeFileSync(file, config);
    const end = await untouched(system, () => system.procedure('restore', backup, '--config', file));
    if (since !== '') expect(await other.psql('select pg_postmaster_start_time()')).toBe(since);
    return end;
  }

  test('that runs where the restore would go is left running', async () => {
    expectRefusal(await elsewhere(), 'target_in_use', {
      says: /another system runs/,
      where: other.dataDir,
      hint: /stop it/,
    });
  });

  test('that is stopped there keeps its data', async () => {
    await other.stop();
    const end = await elsewhere();
    expectRefusal(end, 'wrong_system', { says: /another database system/, where: other.dataDir, hint: /--to/ });
    expect(existsSync(path.join(other.dataDir, 'PG_VERSION'))).toBe(true);
    await other.start();
    expect(await other.psql('select 1')).toBe('1');
  });

  test('of a major version whose programs are not here', async () => {
    const id = 'sys_full_20300101_000000';
    await withCopy(system, async (copy) => {
      const manifest = ofVersion(await getSealedManifest(copy, { id: backup }), id, 990001);
      const { sha256: manifestSha256 } = await putSealedManifest(copy, manifest);
      const { startedAt, endedAt } = manifest;
      await putHead(copy, {
        ...{ id, system: 'sys', site: 'dc01', type: 'full', status: 'completed', startedAt, endedAt, manifestSha256 },
        ...{ components: {}, bytes: 1, storedBytes: 1, stores: ['hot'], location: copy.store.location },
      });
    });
    const end = await untouched(system, () => system.procedure('restore', id, '--to', path.join(system.dir, 'out')));
    expectRefusal(end, 'tools_not_found', { says: /PostgreSQL 99/, hint: /found were versions \d+.*\n.*PG_BINDIR/ });
  });
});

function ofVersion(manifest: SealedManifest, backupId: string, versionNum: number): SealedManifest {
  const { postgres, ...rest } = manifest.components['database'] as SealedManifest['components'][string];
  if (!postgres) throw new Error('no database');
  return { ...manifest, backupId, components: { database: { ...rest, postgres: { ...postgres, versionNum } } } };
}
