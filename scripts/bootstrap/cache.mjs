/**
 * Where fetched parts live: outside the clone, so that they outlast it and serve the next one.
 * Guarantees: what has its final name in the cache was complete and verified; a fetch that is killed leaves only a
 * folder under `incoming/`, which the next fetch removes.
 */
import { chmodSync, existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { withLock } from './lock.mjs';

/** `$HOLDFAST_CACHE`, else /var/cache/holdfast for root, else `$XDG_CACHE_HOME/holdfast` or ~/.cache/holdfast. */
export function cacheFolder() {
  if (process.env.HOLDFAST_CACHE) return path.resolve(process.env.INIT_CWD ?? '.', process.env.HOLDFAST_CACHE);
  if (process.getuid?.() === 0) return '/var/cache/holdfast';
  return path.join(process.env.XDG_CACHE_HOME || path.join(os.homedir(), '.cache'), 'holdfast');
}

/** A path below the cache. */
export function inCache(...parts) {
  return path.join(cacheFolder(), ...parts);
}

/**
 * Brings one part into the cache, alone: `make(folder)` fills and verifies a fresh folder and returns the path in it
 * that becomes `final` by one rename. When another process brought it meanwhile, `present()` says so and nothing is done.
 */
export async function placeInCache(final, present, make) {
  makeReadable(cacheFolder());
  await withLock(inCache('lock'), 'another process to fetch parts', async () => {
    if (await present()) return;
    const incoming = inCache('incoming');
    rmSync(incoming, { recursive: true, force: true });
    mkdirSync(incoming, { recursive: true });
    const folder = mkdtempSync(path.join(incoming, 'part-'));
    try {
      const made = await make(folder);
      makeReadable(path.dirname(final));
      if (existsSync(final)) renameSync(final, path.join(folder, 'replaced'));
      chmodSync(made, 0o755);
      renameSync(made, final);
    } finally {
      rmSync(incoming, { recursive: true, force: true });
    }
  });
}

/** Makes the folder; what root caches must be readable by the ordinary user that PostgreSQL runs as, whatever the umask. */
function makeReadable(folder) {
  const first = mkdirSync(folder, { recursive: true });
  if (!first) return;
  for (let at = folder; at.length >= first.length; at = path.dirname(at)) chmodSync(at, 0o755);
}
