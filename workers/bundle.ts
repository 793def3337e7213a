/**
 * The workflows' code as one bundle, made once per build in a process of its own (the bundler is large, and the worker's memory
 * is for packs) and used by every worker of that build.
 */
import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { readdir, rename, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const dist = path.resolve(__dirname, '..');
const bundleFile = path.join(dist, 'workflow-bundle.js');
const sources = ['workflows', 'domain'].map((folder) => path.join(dist, folder));

/**
 * `npm run build` leaves one. Where it is missing or old and the program's own folder is read-only, this process gets one for itself.
 * @returns absolute path of a bundle that is no older than any of its sources
 */
export async function workflowBundle(): Promise<string> {
  if (await isFresh()) return bundleFile;
  const file = isWritable(dist) ? bundleFile : path.join(ownFolder(), path.basename(bundleFile));
  await promisify(execFile)(process.execPath, [__filename, file], { maxBuffer: 64 * 1024 * 1024 });
  return file;
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function ownFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'holdfast-bundle-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  return folder;
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

async function make(file: string): Promise<void> {
  const { bundleWorkflowCode, DefaultLogger } = await import('@temporalio/worker');
  const { code } = await bundleWorkflowCode({
    workflowsPath: path.join(dist, 'workflows', 'index.js'),
    logger: new DefaultLogger('WARN'),
  });
  // Two processes may make it at once: each renames a whole file into place.
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, code);
  await rename(temporary, file);
}

if (require.main === module) void make(process.argv[2] ?? bundleFile);
