/** The demo in its smallest form: what it answers, and that nothing is left of it however it ends. */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { processesIn } from '../../client/demo/tidy';
import { temporalCli } from '../support/parts';
import { binDirOf } from '../support/postgres-host';
import { endOf } from '../support/system';

const main = path.join(__dirname, '../../client/demo/main.js');

let folder: string;
let child: ChildProcess | undefined;
beforeEach(() => {
  folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'hf-demo-')));
  chmodSync(folder, 0o755);
});
afterEach(() => {
  child?.kill('SIGKILL');
  for (const pid of processesIn(folder)) process.kill(pid, 'SIGKILL');
  rmSync(folder, { recursive: true, force: true, maxRetries: 10 });
});

/** All its temporary files go into the folder, and so does its report. */
async function startDemo(other: NodeJS.ProcessEnv, ...args: string[]): Promise<ChildProcess> {
  const env = {
    PATH: process.env['PATH'],
    TMPDIR: folder,
    HOLDFAST_TEMPORAL_CLI: temporalCli(),
    HOLDFAST_PG_BINDIRS: await binDirOf(),
    ...other,
  };
  child = spawn(process.execPath, [main, ...args], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
  return child;
}

test('the last line is one JSON object, every number in it is real, and only the report stays', async () => {
  const { code, stdout, stderr } = await endOf(await startDemo({}, '--quick'));
  expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining('WRECK') });
  const lines = stdout.trimEnd().split('\n');
  const result = JSON.parse(lines.at(-1) as string);
  const report = path.join(folder, 'holdfast-demo-report.html');
  const number = expect.any(Number);
  expect(result).toEqual({
    ...{ target: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/), kills: number },
    ...{ rowsExpected: number, rowsFound: result.rowsExpected, rpoSeconds: number, rtoSeconds: number },
    ...{ seconds: number, report, restored: true },
  });
  expect(result.kills).toBeGreaterThanOrEqual(1);
  expect(result.rowsExpected).toBeGreaterThan(0);
  expect(result.rtoSeconds).toBeGreaterThan(0);
  expect(result.seconds).toBeGreaterThan(result.rtoSeconds);
  expect(stderr).toMatch(/Web UI: +http:\/\/127\.0\.0\.1:\d+/);
  const page = readFileSync(report, 'utf8');
  expect(page).toContain('replay database to the target');
  expect(page).not.toMatch(/<script|https?:\/\/|url\(/);
  expect(readdirSync(folder)).toEqual(['holdfast-demo-report.html']);
  expect(processesIn(folder)).toEqual([]);
}, 240_000);

test('Ctrl-C while its engine runs ends it with 130 and leaves nothing', async () => {
  const demo = await startDemo({}, '--quick');
  const end = endOf(demo);
  demo.stderr?.on('data', (text: Buffer) => {
    if (String(text).includes('Web UI')) demo.kill('SIGINT');
  });
  expect(await end).toMatchObject({ code: 130, stdout: '', stderr: expect.stringContaining('interrupted') });
  expect(readdirSync(folder)).toEqual([]);
  expect(processesIn(folder)).toEqual([]);
});

test('what it does not understand is told with what it does, exit 2', async () => {
  const { code, stdout, stderr } = await endOf(await startDemo({}, '--fast'));
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: .*\nhint: --s3 .*\nhint: --keep/);
});

test('without an engine it could not run: exit 2, and nothing is left', async () => {
  const demo = await startDemo({ HOLDFAST_TEMPORAL_CLI: path.join(folder, 'nothing') }, '--quick');
  const { code, stdout, stderr } = await endOf(demo);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/error: the engine did not start\nhint: .*Temporal server/);
  expect(readdirSync(folder)).toEqual([]);
});

test('only a folder of a demo is ended', async () => {
  expect(await endOf(await startDemo({}, '--end', folder))).toMatchObject({ code: 2, stdout: '' });
});
