/**
 * `npm test`: types, style, every jest project; all three run whatever the others say, and one failure fails the whole.
 * Leaves dist/checks.json ({types, style}: "passed" or "failed") and dist/jest-results.json (jest's own) for `.ci/run`.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ensureBuild } from './bootstrap/build.mjs';
import { run } from './bootstrap/command.mjs';
import { say } from './bootstrap/say.mjs';

const PROGRAMS = {
  biome: '@biomejs/biome/bin/biome',
  jest: 'jest/bin/jest.js',
};

/** Runs one of the packages' programs on our terminal and returns its exit code. */
export async function program(root, name, args) {
  const file = path.join(root, 'node_modules', PROGRAMS[name]);
  return (await run(process.execPath, [file, ...args], { cwd: root, stdio: 'inherit' })).code;
}

/** tsc, which also builds; complaints go to stderr. */
export async function checkTypes(root) {
  const complaint = await ensureBuild(root);
  if (complaint) process.stderr.write(`${complaint}\n`);
  return complaint ? 1 : 0;
}

/** Lint, import order and format; warnings fail too. */
export function checkStyle(root, args = []) {
  return program(root, 'biome', ['check', '--error-on-warnings', ...(args.length > 0 ? args : ['.'])]);
}

/** Everything; `args` go to jest. */
export async function runChecks(root, args) {
  const results = path.join(root, 'dist', 'jest-results.json');
  mkdirSync(path.dirname(results), { recursive: true });
  rmSync(results, { force: true });
  say('checking types …');
  const types = await checkTypes(root);
  say('checking style …');
  const style = await checkStyle(root);
  writeFileSync(path.join(root, 'dist', 'checks.json'), JSON.stringify({ types: word(types), style: word(style) }));
  say('running the tests …');
  const tests = await program(root, 'jest', ['--json', `--outputFile=${results}`, ...args]);
  for (const [name, code] of Object.entries({ types, style, tests })) if (code !== 0) say(`${name} failed`);
  return types || style || tests ? 1 : 0;
}

function word(code) {
  return code === 0 ? 'passed' : 'failed';
}
