/** A test restore that is killed: it goes on by itself, or, where nobody knows of it any more, the next one clears away what it left. */
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { pidTaken } from '../../components/postgres/instance';
import { TestSystem, type Up } from '../support/system';

let system: TestSystem;
let up: Up;
let scratch: string;

beforeAll(async () => {
  system = await TestSystem.create({
    configure: (config) => {
      config['verification'] = { scratch: 'scratch' };
    },
  });
  scratch = path.join(system.dir, 'scratch');
  await system.cluster.psql('create table t as select g, md5(g::text) from generate_series(1, 20000) g');
  up = await system.up();
  await system.procedure('backup');
});
afterAll(async () => {
  await up?.stop();
  await system?.destroy();
});

/** The pid of the server that runs on what is being restored. */
async function replaying(): Promise<number> {
  return await system.until(async () => {
    for (const name of existsSync(scratch) ? readdirSync(scratch) : []) {
      const file = path.join(scratch, name, 'restored', 'database', 'postmaster.pid');
      const pid = existsSync(file) ? Number.parseInt(readFileSync(file, 'utf8'), 10) : Number.NaN;
      if (pid > 1) return pid;
    }
    return undefined;
  }, 60_000);
}

test('killed in the middle, it is taken up again, proves the backup and removes what it made', async () => {
  const verifying = system.procedure('verify', 'latest', '--test-restore');
  await replaying();
  await up.kill9();
  up = await system.up();
  const proven = await verifying;
  expect(proven.error).toBeUndefined();
  expect(proven).toMatchObject({ status: 'completed', exit: 0 });
  expect(readdirSync(scratch)).toEqual([]);
});

test('killed with its engine and all that the engine knew, it is cleared away by the next one, its server too', async () => {
  const verifying = system.procedure('verify', 'latest', '--test-restore', '--detach');
  const pid = await replaying();
  await verifying;
  await up.kill9();
  const { pid: engine } = JSON.parse(readFileSync(path.join(system.stateDir, 'server.json'), 'utf8')) as {
    pid: number;
  };
  process.kill(engine, 'SIGKILL');
  await system.until(async () => (pidTaken(engine) ? undefined : true), 10_000);
  rmSync(system.stateDir, { recursive: true });
  expect(readdirSync(scratch)).toHaveLength(1);
  up = await system.up();
  const proven = await system.procedure('verify', 'latest', '--test-restore');
  expect(proven.error).toBeUndefined();
  expect(readdirSync(scratch)).toEqual([]);
  expect(pidTaken(pid)).toBe(false);
});
