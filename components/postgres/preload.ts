/** Which of a source's preload libraries this host has: one that is missing would keep the server from starting. */
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { plainEnvironment } from '../plain-environment';
import type { ServerTools } from './tools';

const run = promisify(execFile);

/** @param libraries value of `shared_preload_libraries` */
export async function availableLibraries(
  tools: ServerTools,
  libraries: string,
): Promise<{ found: string; missing: string[] }> {
  const names = libraries
    .split(',')
    .map((one) => one.trim().replace(/^"(.*)"$/, '$1'))
    .filter(Boolean);
  if (names.length === 0) return { found: '', missing: [] };
  const directory = await libraryDir(tools);
  const there = (name: string) => existsSync(fileOf(name, directory));
  return {
    found: names
      .filter(there)
      .map((one) => `"${one}"`)
      .join(', '),
    missing: names.filter((one) => !there(one)),
  };
}

function fileOf(name: string, directory: string): string {
  const file = path.resolve(directory, name.replace('$libdir', directory));
  return file.endsWith('.so') ? file : `${file}.so`;
}

async function libraryDir(tools: ServerTools): Promise<string> {
  const program = tools.find('pg_config');
  const fallback = path.join(tools.binDir, '..', 'lib');
  if (!program) return existsSync(path.join(fallback, 'postgresql')) ? path.join(fallback, 'postgresql') : fallback;
  return (await run(program, ['--pkglibdir'], { env: plainEnvironment() })).stdout.trim();
}
