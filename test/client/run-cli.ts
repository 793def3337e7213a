import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

export interface CliRun {
  code: number | null;
  stdout: string;
  stderr: string;
}

const main = path.join(__dirname, '../../client/main.js');

/** Runs the command as its users do: a process of its own, standing in `cwd`, without any of our environment's settings. */
export function runCli(args: string[], cwd: string, env: NodeJS.ProcessEnv = {}): Promise<CliRun> {
  const { PATH } = process.env;
  const child = spawn(process.execPath, [main, ...args], {
    cwd,
    env: { PATH, HOME: cwd, XDG_STATE_HOME: cwd, ...env },
  });
  const run: CliRun = { code: null, stdout: '', stderr: '' };
  child.stdout.on('data', (data: Buffer) => (run.stdout += String(data)));
  child.stderr.on('data', (data: Buffer) => (run.stderr += String(data)));
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => resolve({ ...run, code }));
  });
}

/** A folder for one test file, gone at its end. */
export function scratch(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'hf-cli-'));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
