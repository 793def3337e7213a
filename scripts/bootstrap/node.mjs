/** A Node that has zstd in node:zlib (22.15 or newer): the one that runs us, else the npm package `node` in the cache. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { inCache, placeInCache } from './cache.mjs';
import { atLeast, isProgram, lastLines, run, versionIn } from './command.mjs';
import { npm } from './npm.mjs';
import { MissingPiece, say } from './say.mjs';

const OLDEST = [22, 15, 0];
const FETCHED = '24.21.0';

/** Whether the Node that runs this file will do. */
export function nodeIsNewEnough() {
  return atLeast(versionIn(process.version), OLDEST);
}

/** The path of a Node that will do; fetched once when this one is too old. */
export async function findNode() {
  if (nodeIsNewEnough()) return process.execPath;
  const home = inCache('node', FETCHED);
  const node = path.join(home, 'bin', 'node');
  // Only a verified Node ever gets this name, so that looking is enough: this runs before every command.
  if (!isProgram(node)) await placeInCache(home, () => isProgram(node), fetchNode);
  return node;
}

/** Installs the package of this platform itself: the umbrella package `node` does it from an install script, which npm 11 blocks. */
async function fetchNode(folder) {
  const brand = process.platform === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node';
  const name = `${brand}-${process.platform}-${process.arch}`;
  say(`this is Node ${process.version}; fetching Node ${FETCHED} (npm package ${name}, 45 MB) …`);
  mkdirSync(path.join(folder, 'prefix'));
  const done = await npm(['install', '--no-save', '--prefix', path.join(folder, 'prefix'), `${name}@${FETCHED}`]);
  const made = path.join(folder, 'prefix', 'node_modules', name);
  const check = await run(path.join(made, 'bin', 'node'), ['--version']);
  if (check.out.trim() === `v${FETCHED}`) return made;
  throw new MissingPiece(
    `Node ${OLDEST.join('.')} or newer is needed, this is ${process.version}, and fetching one failed: ${lastLines(done.err || check.err)}`,
    'install Node 24 and put it first on PATH',
  );
}
