/** Runs a shell pipeline and says what it cost: wall time, and the CPU time of everything in it. */
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

export interface Cost {
  seconds: number;
  /** User and system time of every process of the pipeline, in seconds. */
  cpu: number;
}

export interface As {
  uid?: number;
  gid?: number;
  env?: NodeJS.ProcessEnv;
}

/** @throws Error with what it said on stderr when any part of the pipeline fails */
export async function timed(script: string, { env, ...as }: As = {}): Promise<Cost & { stdout: string }> {
  const text = `set -o pipefail; TIMEFORMAT='cost %R %U %S'; time { ${script}\n}`;
  const child = spawn('bash', ['-c', text], {
    ...as,
    env: { ...process.env, ...env },
    cwd: '/',
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.on('data', (data: Buffer) => {
    stdout += String(data);
  });
  child.stderr.on('data', (data: Buffer) => {
    stderr += String(data);
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const found = /cost (\S+) (\S+) (\S+)\s*$/.exec(stderr);
  if (code !== 0 || !found) throw new Error(`${script}\nended with ${code}: ${stderr.trim()}\n${stdout.trim()}`);
  return { seconds: Number(found[1]), cpu: Number(found[2]) + Number(found[3]), stdout };
}

/** Absolute path of a program on PATH. */
export function findProgram(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  return folders.map((folder) => path.join(folder, name)).find((file) => existsSync(file));
}
