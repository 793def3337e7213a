/** The linter's rules that the house leans on really fire: each is shown a file that breaks it. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './tree';

const good: Record<string, string> = {
  'domain/clean.ts': 'export const one = 1;\n',
  'activities/step.ts': 'export const step = 1;\n',
  'repository/room.ts': 'export const room = 1;\n',
  'workflows/flow.ts': "import { one } from '../domain/clean';\n\nexport const flow = one;\n",
};

/** Breaks one rule each: file, its text, the rule that must speak. */
const bad: [string, string, string, string][] = [
  [
    'a promise nobody waits for',
    'repository/floating.ts',
    'async function later(): Promise<void> {\n  await Promise.resolve();\n}\n\nexport function go(): void {\n  later();\n}\n',
    'noFloatingPromises',
  ],
  [
    'a promise of a method nobody waits for',
    'repository/method.ts',
    'export function go(one: { run(): Promise<void> }): void {\n  one.run();\n}\n',
    'noFloatingPromises',
  ],
  [
    'a promise taken for a condition',
    'repository/condition.ts',
    'export function go(ready: () => Promise<boolean>): number {\n  if (ready()) return 1;\n  return 2;\n}\n',
    'noMisusedPromises',
  ],
  [
    'an import cycle',
    'domain/ring.ts',
    "import { ring } from './ring-back';\n\nexport const back = (): number => ring();\n",
    'noImportCycles',
  ],
  [
    'domain importing another room',
    'domain/deep/upwards.ts',
    "import { room } from '../../repository/room';\n\nexport const up = room;\n",
    'noRestrictedImports',
  ],
  [
    'domain importing Temporal',
    'domain/temporal.ts',
    "import { log } from '@temporalio/workflow';\n\nexport const up = log;\n",
    'noRestrictedImports',
  ],
  [
    'repository importing activities',
    'repository/a/b/upwards.ts',
    "import { step } from '../../../activities/step';\n\nexport const up = step;\n",
    'noRestrictedImports',
  ],
  [
    'activities importing workflows',
    'activities/upwards.ts',
    "import { flow } from '../workflows/flow';\n\nexport const up = flow;\n",
    'noRestrictedImports',
  ],
  [
    'a workflow importing node',
    'workflows/clock.ts',
    "import { readFileSync } from 'node:fs';\n\nexport const up = readFileSync;\n",
    'noRestrictedImports',
  ],
  ['any', 'domain/any.ts', 'export const loose: any = 1;\n', 'noExplicitAny'],
  ['bad format', 'domain/format.ts', 'export const  spaced = 1\n', 'format'],
];

let folder: string;

beforeAll(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'lint-'));
  for (const file of ['biome.json', 'package.json', 'tsconfig.json'])
    cpSync(path.join(root, file), path.join(folder, file));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'));
  for (const [file, text] of Object.entries(good)) put(file, text);
});

afterAll(() => rmSync(folder, { recursive: true }));

test('clean files pass', () => {
  expect(biome()).toMatchObject({ status: 0 });
});

test('each rule speaks where it is broken, and only there', () => {
  put('domain/ring-back.ts', "import { back } from './ring';\n\nexport const ring = (): number => back();\n");
  for (const [, file, text] of bad) put(file, text);
  const report = biome();
  expect(report.status).not.toBe(0);
  for (const [what, file, , rule] of bad) {
    const said = report.stdout.split('\n').filter((line) => line.startsWith(`::`) && line.includes(file));
    expect([what, said.some((line) => line.includes(rule))]).toEqual([what, true]);
  }
  for (const file of Object.keys(good)) expect(report.stdout).not.toContain(`file=${file}`);
});

function put(file: string, text: string): void {
  mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
  writeFileSync(path.join(folder, file), text);
}

function biome(): { status: number | null; stdout: string } {
  const program = path.join(root, 'node_modules/@biomejs/biome/bin/biome');
  const args = [
    'check',
    '--error-on-warnings',
    '--reporter=github',
    '--max-diagnostics=none',
    'domain',
    'repository',
    'activities',
    'workflows',
  ];
  const done = spawnSync(process.execPath, [program, ...args], { cwd: folder, encoding: 'utf8' });
  return { status: done.status, stdout: done.stdout + done.stderr };
}
