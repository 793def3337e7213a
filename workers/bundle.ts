/**
 * The workflows' code as one bundle, made once per build in a process of its own (the bundler is large, and the worker's memory
 * is for packs) and used by every worker of that build.
 */
import { execFile } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import { readdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';

const dist = path.resolve(__dirname, '..');
const bundleFile = path.join(dist, 'workflow-bundle.js');
const sources = ['workflows', 'domain'].map((folder) => path.join(dist, folder));

/** @returns absolute path of a bundle that is no older than any of its sources */
export async function workflowBundle(): Promise<string> {
  if (!(await isFresh())) await promisify(execFile)(process.execPath, [__filename], { maxBuffer: 64 * 1024 * 1024 });
  return bundleFile;
}

async function isFresh(): Promise<boolean> {
  if (!existsSync(bundleFile)) return false;
  const made = statSync(bundleFile).mtimeMs;
  for (const folder of sources) {
    for (const file of await readdir(folder, { recursive: true })) {
      if (file.endsWith('.js') && statSync(path.join(folder, file)).mtimeMs > made) return false;
    }
  }
  return true;
}

async function make(): Promise<void> {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(dist, 'workflows', 'index.js'),
    logger: new DefaultLogger('WARN'),
  });
  // Two processes may make it at once: each renames a whole file into place.
  const temporary = `${bundleFile}.${process.pid}`;
  await writeFile(temporary, code);
  await rename(temporary, bundleFile);
}

if (require.main === module) void make();
