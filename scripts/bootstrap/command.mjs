/** Running other programs during the bootstrap. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Runs a program to its end and never throws.
 * @returns {Promise<{code: number, out: string, err: string}>} code 127 when it could not be started, 128 + n when signal n ended it
 */
export function run(program, args, options = {}) {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], ...options });
    let out = '';
    let err = '';
    child.stdout?.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr?.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', (error) => resolve({ code: 127, out, err: String(error.message) }));
    child.on('close', (code, signal) => resolve({ code: code ?? (signal ? 128 : 1), out, err }));
  });
}

/** The full path of a program on PATH, or undefined. */
export function onPath(name) {
  for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
    if (!path.isAbsolute(folder)) continue;
    const file = path.join(folder, name);
    if (isProgram(file)) return file;
  }
  return undefined;
}

/** Whether the path is a regular file that may be executed. */
export function isProgram(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/** The last lines of a program's complaint, for a message. */
export function lastLines(text, count = 3) {
  return text.trim().split('\n').slice(-count).join(' | ').trim();
}

/** The first `x.y` or `x.y.z` in a text as numbers, or undefined. */
export function versionIn(text) {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  return match ? [Number(match[1]), Number(match[2]), Number(match[3] ?? 0)] : undefined;
}

/** Whether version `found` is `wanted` or newer. */
export function atLeast(found, wanted) {
  for (let place = 0; place < wanted.length; place++) {
    const difference = (found[place] ?? 0) - wanted[place];
    if (difference !== 0) return difference > 0;
  }
  return true;
}

/** The first lines of a long complaint. */
export function firstLines(text, count = 8) {
  const lines = text.split('\n');
  return lines.length > count ? `${lines.slice(0, count).join('\n')}\n… and ${lines.length - count} lines more` : text;
}
