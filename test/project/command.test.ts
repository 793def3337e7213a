/** `holdfast` and the build behind it, on a small project of our shape: the same scripts, settings and packages, another CLI. */
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './tree';

const cli = `
if (process.argv[2] === 'wait') {
  process.on('SIGTERM', () => process.exit(9));
  console.log('up');
  setInterval(() => undefined, 1000);
} else {
  console.log(JSON.stringify({ args: process.argv.slice(2), from: process.env.INIT_CWD, main: require.main === module }));
  process.exitCode = 7;
}
`;

let project: string;

beforeAll(() => {
  project = mkdtempSync(path.join(tmpdir(), 'command-'));
  cpSync(path.join(root, 'scripts'), path.join(project, 'scripts'), { recursive: true });
  for (const file of ['package.json', 'package-lock.json', 'tsconfig.json'])
    cpSync(path.join(root, file), path.join(project, file));
  symlinkSync(path.join(root, 'node_modules'), path.join(project, 'node_modules'));
  put('client/main.ts', cli);
});

afterAll(() => rmSync(project, { recursive: true }));

test('the first call builds, and the CLI gets the arguments and its exit code is ours', () => {
  const done = holdfast(['list', '--site', 'two words'], { INIT_CWD: '/somewhere' });
  expect(done).toMatchObject({ status: 7, stderr: '' });
  expect(JSON.parse(done.stdout)).toEqual({ args: ['list', '--site', 'two words'], from: '/somewhere', main: true });
});

test('a signal reaches the CLI, which ends in order', async () => {
  const child = spawn(process.execPath, [path.join(project, 'scripts/holdfast.mjs'), 'wait'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  child.kill('SIGTERM');
  expect(await once(child, 'exit')).toEqual([9, null]);
});

test('nothing is built twice, a changed source is, and a removed source leaves nothing behind', () => {
  const built = path.join(project, 'dist/client/main.js');
  utimesSync(built, 1, 1);
  holdfast(['list']);
  expect(isOld(built)).toBe(true);
  put('domain/added.ts', 'export const added = 1;\n');
  holdfast(['list']);
  expect(existsSync(path.join(project, 'dist/domain/added.js'))).toBe(true);
  renameSync(path.join(project, 'domain/added.ts'), path.join(project, 'domain/renamed.ts'));
  holdfast(['list']);
  expect(existsSync(path.join(project, 'dist/domain/added.js'))).toBe(false);
  expect(existsSync(path.join(project, 'dist/domain/renamed.js'))).toBe(true);
});

test('sources that do not compile end with exit 2 and the first complaint, and nothing old runs in their place', () => {
  put('domain/wrong.ts', "export const wrong: number = 'text';\n");
  const done = holdfast(['list']);
  expect(done).toMatchObject({ status: 2, stdout: '' });
  expect(done.stderr).toMatch(/domain\/wrong\.ts\(1,14\).*\nhint: npm run build/s);
  rmSync(path.join(project, 'domain/wrong.ts'));
});

test('a closing line is never green when nothing ran', () => {
  const summary = (code: string) =>
    spawnSync(process.execPath, ['scripts/summary.mjs', code], { cwd: project, encoding: 'utf8' });
  expect(summary('0')).toMatchObject({ status: 1, stdout: '0 passed, 1 failed\n' });
  put('dist/jest-results.json', JSON.stringify({ numPassedTests: 5, numFailedTests: 0, numRuntimeErrorTestSuites: 0 }));
  expect(summary('0')).toMatchObject({ status: 0, stdout: '5 passed, 0 failed\n' });
  expect(summary('1')).toMatchObject({ status: 1, stdout: '5 passed, 1 failed\n' });
  put('dist/jest-results.json', JSON.stringify({ numPassedTests: 5, numFailedTests: 1, numRuntimeErrorTestSuites: 2 }));
  put('dist/checks.json', JSON.stringify({ types: 'passed', style: 'failed' }));
  expect(summary('1')).toMatchObject({ status: 1, stdout: '5 passed, 4 failed\n' });
});

function put(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(project, file)), { recursive: true });
  writeFileSync(path.join(project, file), text);
}

function isOld(file: string): boolean {
  return existsSync(file) && statSync(file).mtimeMs === 1000;
}

function holdfast(args: string[], more: Record<string, string> = {}) {
  const env = { ...process.env, ...more };
  return spawnSync(process.execPath, [path.join(project, 'scripts/holdfast.mjs'), ...args], {
    env,
    cwd: project,
    encoding: 'utf8',
  });
}
