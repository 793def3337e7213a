/** Nothing that a system leaves, shows or tells holds a secret: searched for after what can go right and wrong. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parse, stringify } from 'yaml';
import { loadConfig } from '../../components/config-file/load';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import { runningInstance, stopInstance } from '../../components/postgres/instance';
import { getDataKey } from '../../repository/data-key';
import { listHeads } from '../../repository/heads';
import type * as workflows from '../../workflows';
import { testCertificate } from '../support/certificate';
import { formsOf, LeakSearch, type Secrets } from '../support/leaks';
import { type MailServer, startMailServer } from '../support/mail-server';
import { ProcessWatch } from '../support/process-watch';
import { type Receiver, startReceiver } from '../support/receiver';
import { endOf, TestSystem } from '../support/system';
import { type Told, toldToTemporal } from '../support/told-to-temporal';

const random = () => randomBytes(12).toString('hex');
const core = { password: random(), wrong: random(), s3: random() };
/** Of those who are told: all of them refuse, and repeat what they can. */
const told = { mail: random(), token: random(), address: random(), signing: random() };
/** With the characters that quoting goes wrong with, around a core that is found all the same. */
const password = `p'w "\\ ${core.password} %2F=é`;
/** What encryption hides. */
const data = { 'a file name': random(), 'contents of a file': random(), 'a row': random() };

let system: TestSystem;
let watch: ProcessWatch;
let histories: Told[];
let mail: MailServer;
let receiver: Receiver;
const printed: string[] = [];
const inSystem = (name: string) => path.join(system.dir, name);

async function holdfast(args: string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
  const { code, stdout, stderr } = await endOf(system.spawn([...args, '--yes'], { env: { ...environment(), ...env } }));
  printed.push(`${args.join(' ')}\n${stdout}${stderr}`);
  return `${code} ${stdout}${stderr}`;
}

const environment = () => ({
  TEST_PG_PASSWORD: password,
  TMPDIR: inSystem('tmp'),
  TEST_S3_SECRET: 'unused',
  TEST_HOOK: told.token,
});

/** A configuration that differs in one point, with an engine of its own. */
function variant(name: string, change: (config: ConfigText) => void): NodeJS.ProcessEnv {
  const config = parse(readFileSync(system.config, 'utf8')) as ConfigText;
  change(config);
  writeFileSync(inSystem(`${name}.yaml`), stringify(config));
  return { HOLDFAST_CONFIG: inSystem(`${name}.yaml`), XDG_STATE_HOME: inSystem('state-of-others') };
}

interface ConfigText {
  sites: { dc01: { components: { database: Record<string, string> }; services?: object } };
  stores: { hot: Record<string, string> };
  encryption: { keyFile: string };
}

/** Everybody is told that nothing was restored for a proof. */
function notifying(secret: (name: string) => string): object {
  const addresses = { from: 'a@example.com', to: ['b@example.com'] };
  const login = { user: 'holdfast', password: secret('mail'), ca: 'ca.pem' };
  // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
  const headers = { Authorization: 'Bearer ${env:TEST_HOOK}' };
  const targets = {
    mail: { kind: 'email', host: '127.0.0.1', port: mail.port, ...addresses, ...login },
    hook: { kind: 'webhook', url: secret('address'), headers, signingKey: secret('signing') },
    pager: { kind: 'command', argv: ['sh', '-c', 'cat; env; sleep 0.3; exit 1'] },
  };
  return { notifications: { targets, alerts: Object.keys(targets) } };
}

beforeAll(async () => {
  watch = new ProcessWatch();
  mail = await startMailServer();
  receiver = await startReceiver(() => ({ status: 403 }));
  system = await TestSystem.create({
    store: 's3',
    cluster: { conf: { log_statement: 'all', log_connections: 'on', log_replication_commands: 'on' } },
    files: (dir) => writeFileSync(path.join(dir, `${data['a file name']}.conf`), `x = ${data['contents of a file']}\n`),
    configure: (config) => {
      const { sites, stores, encryption } = config as unknown as ConfigText;
      const { database } = sites.dc01.components;
      const asAgent = database['connection']?.replace('user=postgres', 'user=agent');
      // biome-ignore lint/suspicious/noTemplateCurlyInString: the configuration names secrets so
      database['connection'] = `${asAgent} password=${'${env:TEST_PG_PASSWORD}'}`;
      stores.hot['secretAccessKey'] = `\${file:${path.join(path.dirname(encryption.keyFile), 'secrets', 's3')}}`;
      sites.dc01.services = { server: { control: 'pgctl', dataDir: database['dataDir'] } };
      const secret = (name: string) => `\${file:${path.join(path.dirname(encryption.keyFile), 'secrets', name)}}`;
      Object.assign(config, { verification: { level: 'test-restore', stale: '1s' } }, notifying(secret));
    },
  });
  mkdirSync(inSystem('tmp'));
  mkdirSync(inSystem('secrets'));
  writeFileSync(inSystem('secrets/s3'), `${system.s3?.secretAccessKey}\n`);
  writeFileSync(inSystem('secrets/wrong'), core.s3);
  writeFileSync(inSystem('secrets/mail'), told.mail);
  writeFileSync(inSystem('secrets/address'), `${receiver.url}?token=${told.address}`);
  writeFileSync(inSystem('secrets/signing'), told.signing);
  writeFileSync(inSystem('ca.pem'), testCertificate.cert);
  writeFileSync(inSystem('secrets/other.key'), randomBytes(32).toString('base64'), { mode: 0o600 });
  const { cluster } = system;
  await cluster.psql(`set log_statement = 'none'; set log_min_error_statement = 'panic';
    create role agent superuser replication login password $q$${password}$q$;
    create table t (x text); insert into t values ('${data['a row']}')`);
  const hba = path.join(cluster.dataDir, 'pg_hba.conf');
  const rules = 'local all agent scram-sha-256\nlocal replication agent scram-sha-256\n';
  writeFileSync(hba, rules + readFileSync(hba, 'utf8'));
  await cluster.psql('select pg_reload_conf()');
});

afterAll(async () => {
  watch?.stop();
  if (system) await stopInstance(path.join(inSystem('out'), 'database'), 'immediate');
  await system?.destroy();
  await mail?.close();
  await receiver?.close();
});

test('a life of a system: backup, restores, questions, and every way of not getting in', async () => {
  const up = await system.up({ env: environment() });
  expect(await holdfast(['backup'])).toMatch(/^0 /);
  expect(await holdfast(['verify', 'latest', '--full'])).toMatch(/^0 /);
  for (const question of ['config check', 'status', 'points', 'doctor']) await holdfast(question.split(' '));
  expect(await holdfast(['restore', 'latest', '--to', inSystem('out'), '--start'])).toMatch(/^0 /);
  expect(await holdfast(['restore', 'latest', '--to', inSystem('out')])).toMatch(/^2 .*a server runs on the target/s);
  expect(await holdfast(['restore', 'latest'])).toMatch(/^0 /);
  expect(await holdfast(['notify', 'test'])).toMatch(/^1 .*refused the login.*it answered 403.*it printed: /s);
  expect(await holdfast(['retention', 'apply'])).toMatch(/^0 .*did not reach mail.*did not reach pager/s);
  expect([mail.logins.length > 2, receiver.documents().length > 1]).toEqual([true, true]);
  watch.look();
  histories = await toldToTemporal(addressOf());
  await up.stop();
  printed.push(readFileSync(up.log, 'utf8'));

  const wrongPassword = variant('wrong-password', () => undefined);
  expect(await holdfast(['backup'], { ...wrongPassword, TEST_PG_PASSWORD: core.wrong })).toMatch(
    /^2 .*authentication/s,
  );
  const otherKey = variant('other-key', (config) => {
    config.encryption.keyFile = inSystem('secrets/other.key');
  });
  expect(await holdfast(['backup'], otherKey)).toMatch(/^2 .*another key/s);
  const wrongStore = variant('wrong-store', (config) => {
    config.stores.hot['secretAccessKey'] = `\${file:${inSystem('secrets/wrong')}}`;
  });
  expect(await holdfast(['backup'], wrongStore)).toMatch(/^[12] .*(signature|denied|refus)/is);
  const talkative = variant('talkative', (config) => {
    config.sites.dc01.services = { app: { control: 'command', state: 'true', start: 'true', stop: 'env; exit 9' } };
  });
  expect(await holdfast(['restore', 'latest'], talkative)).toMatch(/^1 .*it printed: .*TEST_S3_SECRET=unused/s);
  watch.look();
}, 360_000);

/** All that can be searched for, with the keys that no user ever sees. */
async function secrets(): Promise<Secrets> {
  process.env['TEST_S3_ACCESS'] = system.s3?.accessKeyId;
  const { config } = await loadConfig(system.config);
  const repository = await openConfiguredRepository(config);
  const copy = repository.copy();
  const { heads } = await listHeads(copy);
  const dataKeys = await Promise.all(heads.map(async ({ id }) => [`data key of ${id}`, await getDataKey(copy, id)]));
  const derived = Object.entries(copy.keys).map(([name, key]) => [`the ${name} key`, key]);
  await repository.close();
  expect(dataKeys).not.toEqual([]);
  return {
    password,
    'the wrong password': core.wrong,
    'the core of the password': core.password,
    'the secret of the store': system.s3?.secretAccessKey as string,
    'the wrong secret of the store': core.s3,
    'the password of the mail server': told.mail,
    'the token of the webhook': told.token,
    'the token in its address': told.address,
    'the key of its signature': told.signing,
    'the master key': Buffer.from(readFileSync(system.keyFile, 'utf8'), 'base64'),
    'another master key': Buffer.from(readFileSync(inSystem('secrets/other.key'), 'utf8'), 'base64'),
    ...Object.fromEntries([...dataKeys, ...derived]),
  };
}

test('no secret and no key is in anything that was told, shown or left', async () => {
  const search = new LeakSearch(await secrets());
  lookAtWhatIsShown(search);
  search.look('the log of the database', readFileSync(system.cluster.logFile));
  search.look('the log of the restarted database', readFileSync(`${system.cluster.dataDir}.log`));
  const kept = ['secrets', 'master.key', 'out/database/base', 'out/database/pg_wal'].map(inSystem);
  search.lookBelow(system.dir, kept);
  search.lookBelow(system.s3?.folder as string);
  expect([...search.found]).toEqual([]);
  expect(search.searched).toBeGreaterThan(5e6);
});

test('what encryption hides is in no object of the store, no history, no receipt, no log', () => {
  const search = new LeakSearch(data);
  lookAtWhatIsShown(search);
  search.lookBelow(system.s3?.folder as string);
  search.lookBelow(system.dir, ['out', 'etc'].map(inSystem));
  expect([...search.found]).toEqual([]);
});

test('histories of backup, restore, verification and shipping were searched, and servers that we started', () => {
  const types = new Set(histories.map(({ workflowType }) => workflowType));
  const expected = [
    'backup',
    'restore',
    'verifyBackup',
    'shipWal',
    'applyRetention',
  ] satisfies (keyof typeof workflows)[];
  expect([...types].sort()).toEqual(expected.sort());
  const { pid } = runningInstance(system.cluster.dataDir) ?? {};
  const own = readFileSync(`/proc/${pid}/environ`, 'latin1').replaceAll('\0', ' ');
  expect(watch.environments).toContain(`postgres: ${own}`);
});

test('a secret is found in whatever form it was written down', async () => {
  const [name, secret] = ['password', password] as const;
  for (const form of formsOf(secret)) {
    const search = new LeakSearch({ [name]: secret });
    search.look('here', Buffer.concat([Buffer.from('before '), form, Buffer.from(' after')]));
    expect([...search.found]).toEqual(['password in here']);
  }
  const search = new LeakSearch(await secrets());
  search.lookBelow(inSystem('secrets'));
  search.look('the key file', readFileSync(system.keyFile));
  expect(search.found.size).toBe(7);
});

function lookAtWhatIsShown(search: LeakSearch): void {
  for (const { workflowType, text } of histories) search.look(`the history of a ${workflowType}`, text);
  for (const text of printed) search.look(`the output of ${text.slice(0, 40)}`, text);
  for (const line of watch.arguments) search.look(`arguments: ${line.slice(0, 200)}`, line);
  for (const line of watch.environments) search.look(`an environment: ${line.slice(0, 200)}`, line);
}

function addressOf(): string {
  const { port } = JSON.parse(readFileSync(path.join(system.stateDir, 'server.json'), 'utf8')) as { port: number };
  return `127.0.0.1:${port}`;
}
