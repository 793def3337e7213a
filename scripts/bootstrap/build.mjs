/**
 * tsc into dist, only when a source changed.
 * The stamp lists every source with size and time, so that a deleted source is noticed too: what it left in dist is
 * removed, else the tests of yesterday would run for ever.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { run } from './command.mjs';
import { withLock } from './lock.mjs';

/**
 * Builds when needed.
 * @returns {Promise<string>} what tsc complained of, empty when the sources are clean; what could be emitted is emitted all the same
 */
export async function ensureBuild(root) {
  const configuration = path.join(root, 'tsconfig.json');
  if (!existsSync(configuration)) return '';
  const stamp = path.join(root, 'dist', '.built');
  const fresh = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === fingerprint(root, configuration);
  if (fresh()) return '';
  return withLock(path.join(root, '.bootstrap.lock'), 'another process to build', async () => {
    if (fresh()) return '';
    const before = fingerprint(root, configuration);
    mkdirSync(path.join(root, 'dist'), { recursive: true });
    rmSync(stamp, { force: true });
    const tsc = path.join(root, 'node_modules', 'typescript', 'bin', 'tsc');
    const done = await run(process.execPath, [tsc, '-p', root], { cwd: root });
    dropOrphans(root, path.join(root, 'dist'));
    if (done.code !== 0) return (done.out + done.err).trim() || `tsc ended with code ${done.code}`;
    writeFileSync(stamp, before);
    return '';
  });
}

function fingerprint(root, configuration) {
  const hash = createHash('sha256').update(readFileSync(configuration)).update(root);
  for (const room of JSON.parse(readFileSync(configuration, 'utf8')).include) {
    for (const file of sources(path.join(root, room))) {
      const { size, mtimeMs } = statSync(file);
      hash.update(`${file} ${size} ${mtimeMs}\n`);
    }
  }
  return hash.digest('hex');
}

function sources(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true })
    .filter((name) => /\.(ts|json)$/.test(name))
    .sort()
    .map((name) => path.join(folder, name));
}

function dropOrphans(root, dist) {
  for (const name of readdirSync(dist, { recursive: true })) {
    const source = name.replace(/\.js(\.map)?$/, '');
    if (source === name || existsSync(path.join(root, `${source}.ts`))) continue;
    rmSync(path.join(dist, name), { force: true });
  }
}
