/** The npm packages of package-lock.json, exactly: installed when they are absent or differ from the lock. */
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { withLock } from './lock.mjs';
import { npm } from './npm.mjs';
import { MissingPiece, say } from './say.mjs';

/** Makes node_modules under `root` what the lock says. An installed copy without a lock file is taken as it is. */
export async function ensurePackages(root) {
  const lock = path.join(root, 'package-lock.json');
  const stamp = path.join(root, 'node_modules', '.holdfast-lock');
  if (!existsSync(lock)) return;
  const wanted = createHash('sha256').update(readFileSync(lock)).digest('hex');
  const present = () => existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted;
  if (present()) return;
  await withLock(path.join(root, '.bootstrap.lock'), 'another process to install packages', async () => {
    if (present()) return;
    if (!installedByHand(root, lock)) await install(root);
    writeFileSync(stamp, wanted);
  });
}

async function install(root) {
  say('installing npm packages (about 250 MB unpacked) …');
  const started = Date.now();
  const done = await npm(['ci'], { cwd: root });
  if (done.code !== 0) throw new MissingPiece(`npm ci failed: ${complaint(done.err)}`, `cd ${root} && npm ci`);
  say(`npm packages installed in ${Math.round((Date.now() - started) / 1000)} s`);
}

/** npm says the reason first and closes with general advice. */
function complaint(text) {
  const lines = text.split('\n').map((line) => line.replace(/^npm (error|ERR!) ?/, '').trim());
  return lines
    .filter((line) => line !== '' && !/^(npm warn|code )/.test(line))
    .slice(0, 3)
    .join(' | ');
}

/** npm notes what it really installed in node_modules/.package-lock.json; a tree that already agrees is not thrown away. */
function installedByHand(root, lock) {
  try {
    const wanted = JSON.parse(readFileSync(lock, 'utf8')).packages;
    const found = JSON.parse(readFileSync(path.join(root, 'node_modules', '.package-lock.json'), 'utf8')).packages;
    return Object.entries(wanted).every(
      ([place, one]) =>
        place === '' ||
        found[place]?.integrity === one.integrity ||
        (found[place] === undefined && (one.optional || one.peer)),
    );
  } catch {
    return false;
  }
}
