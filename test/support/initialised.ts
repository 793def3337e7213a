/**
 * Data directories as `initdb` makes them: the first cluster of a suite is a copy of what was made before with the same programs and
 * arguments, at a tenth of the cost. Every other cluster is made anew, so that no two of one suite have the same system identifier.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Cluster } from './postgres-cluster';

const run = promisify(execFile);
const kept = path.join(__dirname, '../../.clusters');
let first = true;

/** @param more arguments for `initdb` */
export async function initialise(cluster: Cluster, more: string[]): Promise<void> {
  const args = ['-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '-N', ...more];
  const from = path.join(kept, nameOf(cluster.binDir, args));
  const copied = first && existsSync(from);
  const spare = first && !copied;
  first = false;
  if (copied) await copy(from, cluster.dataDir);
  else await cluster.program('initdb', ['-D', cluster.dataDir, ...args]);
  if (spare) await keep(cluster.dataDir, from);
}

/** Another program under the same name makes other directories. */
function nameOf(binDir: string, args: string[]): string {
  const { mtimeMs, size } = statSync(path.join(binDir, 'initdb'));
  return createHash('sha256')
    .update(JSON.stringify([binDir, mtimeMs, size, process.getuid?.(), args]))
    .digest('hex')
    .slice(0, 16);
}

async function copy(from: string, to: string): Promise<void> {
  await run('cp', ['-a', '--reflink=auto', from, to]);
}

/** Whole or not at all; of two that come at once one is kept. */
async function keep(dataDir: string, place: string): Promise<void> {
  const unfinished = `${place}.${process.pid}`;
  mkdirSync(kept, { recursive: true });
  await copy(dataDir, unfinished);
  try {
    renameSync(unfinished, place);
  } catch {
    rmSync(unfinished, { recursive: true, force: true });
  }
}
