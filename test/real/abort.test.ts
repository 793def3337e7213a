/** Ends in the middle: whoever aborts a procedure finds everything as it was before it began. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupHead } from '../../domain/backup';
import type { ProcedureResult } from '../../domain/progress';
import { tableSums } from '../support/proof';
import { endOf, TestSystem, type Up } from '../support/system';
import { serverTime } from './load';
import { FileService } from './services';
import { placeFor, proveInPlace, sumsCovered } from './whole-chain';

let system: TestSystem;
let up: Up;
let app: FileService;
/** A time at which the table tells validation to wait. */
let pausing: string;
const conf = () => path.join(system.filesDir, 'app.conf');

beforeAll(async () => {
  system = await TestSystem.create({
    cluster: { tablespaces: ['fast'] },
    configure: (config) => {
      config['compression'] = { level: 19 }; // slow enough to be met in the middle of storing
      const { dc01 } = config['sites'] as { dc01: Record<string, unknown> };
      const { database, config: files } = dc01['components'] as Record<string, { probes?: string[]; paths: string[] }>;
      const folder = path.dirname(files?.paths[0] as string);
      app = new FileService(folder, 'app');
      dc01['services'] = { app: { ...app.config, health: `! test -e ${folder}/hang || sleep 60` } };
      // Validation waits for as long as the table says, which only some backups hold.
      if (database) database.probes = ['select pg_sleep(max(seconds)) from pause'];
    },
  });
  const { cluster } = system;
  await cluster.psql(`create table pause (seconds float); insert into pause values (0);
    create table u tablespace fast as select g as id, md5(g::text) as x from generate_series(1, 5000) g;`);
  up = await system.up();
  const backup = await system.procedure('backup');
  expect(backup.error).toBeUndefined();
  await cluster.psql('update pause set seconds = 40');
  pausing = await serverTime(cluster);
  await cluster.psql('update pause set seconds = 0');
  await sumsCovered(system);
});
beforeEach(() => app.set(true));
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

/** Starts a procedure and waits until it is in this step. */
async function inStep(step: RegExp, ...args: string[]) {
  const child = system.spawn([...args, '--json', '--yes']);
  const end = endOf(child);
  await new Promise<void>((resolve, reject) => {
    let said = '';
    child.stderr?.on('data', (data: Buffer) => {
      said += String(data);
      if (step.test(said)) resolve();
    });
    void end.then(({ stdout }) => reject(new Error(`it ended before ${step}: ${said}${stdout}`)));
  });
  return { child, end };
}

const ofDocument = (stdout: string) => JSON.parse(stdout) as ProcedureResult;
const leftovers = () =>
  [system.dir, system.cluster.dir].flatMap((dir) => readdirSync(dir).filter((name) => name.includes('.holdfast-')));

async function heads(): Promise<BackupHead[]> {
  return JSON.parse((await system.cli('list', '--json')).stdout) as BackupHead[];
}

/** Processes that have anything of this system in their arguments; its own protected server lies elsewhere. */
function ofOurs(): string[] {
  const out = execFileSync('ps', ['-eo', 'pid=,args='], { encoding: 'utf8' });
  return out.split('\n').filter((line) => line.includes(system.dir));
}

/** Servers that replay or serve a copy. */
const strayServers = () => ofOurs().filter((line) => line.includes('postgres'));

async function expectNoTraceOfTheBackup(id: string, before: BackupHead[]): Promise<void> {
  const sessions = `select count(*) from pg_stat_activity where application_name like 'holdfast/sys%'`;
  expect(await system.cluster.psql(sessions)).toBe('0');
  const failed = (await heads()).filter((head) => !before.some((one) => one.id === head.id));
  expect(failed).toMatchObject([{ id, status: 'failed' }]);
  const folder = path.join(system.storeDir, 'backups', id);
  const left = existsSync(folder) ? readdirSync(folder, { recursive: true, withFileTypes: true }) : [];
  expect(left.filter((one) => one.isFile()).map(({ name }) => name)).toEqual(['receipt.json']);
  expect(JSON.parse(readFileSync(path.join(folder, 'receipt.json'), 'utf8'))).toMatchObject({ exit_code: 130 });
}

describe('a backup in the middle of its packs', () => {
  beforeAll(async () => {
    await system.cluster.psql(
      `create table bulk as select g, md5(g::text) || md5((g + 1)::text) as x from generate_series(1, 600000) g`,
    );
  });

  test('Ctrl-C: marked failed, its objects removed, no session left', async () => {
    const before = await heads();
    const { child, end } = await inStep(/store packs of database/, 'backup');
    child.kill('SIGINT');
    const { code, stdout } = await end;
    expect([code, ofDocument(stdout).status]).toEqual([130, 'aborted']);
    await expectNoTraceOfTheBackup(ofDocument(stdout).backupId as string, before);
  });

  test('holdfast abort: the same, and both commands tell it', async () => {
    const before = await heads();
    const { end } = await inStep(/store packs of database/, 'backup');
    const abort = await system.procedure('abort', 'backup/sys/dc01');
    expect(abort).toMatchObject({ exit: 0, status: 'aborted' });
    const { code } = await end;
    expect(code).toBe(130);
    await expectNoTraceOfTheBackup(abort.backupId as string, before);
    await system.cluster.psql('drop table bulk');
  });
});

describe('a restore in place', () => {
  async function expectAsBefore(before: Record<string, string>): Promise<void> {
    expect(readFileSync(conf(), 'utf8')).toBe('answer = 43\n');
    expect(app.running).toBe(true);
    expect(leftovers()).toEqual([]);
    expect(strayServers()).toEqual([]);
    await proveInPlace(system, before);
    await system.cluster.psql('checkpoint');
  }

  test('Ctrl-C while the restored database is validated: the old data and services are back', async () => {
    await system.cluster.psql('delete from u where id > 7');
    writeFileSync(conf(), 'answer = 43\n');
    const before = await tableSums(system.cluster);
    const { child, end } = await inStep(/validate database/, 'restore', 'latest', '--at', pausing);
    expect(app.running).toBe(false);
    child.kill('SIGINT');
    const { code, stdout } = await end;
    expect([code, ofDocument(stdout).status]).toEqual([130, 'aborted']);
    expect(ofDocument(stdout).warnings).toEqual([]);
    await expectAsBefore(before);
  });

  test('holdfast abort while services start: what was started is stopped, the old data and services are back', async () => {
    writeFileSync(conf(), 'answer = 43\n');
    const before = await tableSums(system.cluster);
    writeFileSync(path.join(system.dir, 'hang'), '');
    const { end } = await inStep(/start services/, 'restore', 'latest', '--at', 'end-of-backup');
    const aborting = system.procedure('abort', 'restore');
    await system.until(async () => (app.asked.length > 2 ? true : undefined), 30_000);
    execFileSync('rm', [path.join(system.dir, 'hang')]);
    expect(await aborting).toMatchObject({ exit: 0, status: 'aborted', warnings: [] });
    expect((await end).code).toBe(130);
    expect(app.asked).toEqual(['stop', 'start', 'stop', 'start']);
    await expectAsBefore(before);
  });
});

test('a restore to another directory leaves no trace of it', async () => {
  const { to } = placeFor(system, 'elsewhere');
  const { child, end } = await inStep(/validate database/, 'restore', 'latest', '--to', to, '--at', pausing);
  child.kill('SIGINT');
  expect((await end).code).toBe(130);
  expect(existsSync(to) ? readdirSync(to, { recursive: true }) : []).toEqual([]);
  expect(existsSync(to)).toBe(false);
  expect(strayServers()).toEqual([]);
});

test('Ctrl-C where no engine was running: its own engine, worker and shipper end with it', async () => {
  await system.cluster.psql(
    `create table bulk as select g, md5(g::text) || md5((g + 1)::text) as x from generate_series(1, 600000) g`,
  );
  await up.stop();
  const before = await heads();
  const { child, end } = await inStep(/store packs of database/, 'backup');
  child.kill('SIGINT');
  const { code, stdout } = await end;
  expect([code, ofDocument(stdout).status]).toEqual([130, 'aborted']);
  await expectNoTraceOfTheBackup(ofDocument(stdout).backupId as string, before);
  expect(ofOurs()).toEqual([]);
  expect(await system.cluster.psql('select count(*) from pg_stat_replication')).toBe('0');
});
