/** What this machine offers for real PostgreSQL servers: their programs, an ordinary user to run them, a free port. */
import { execFile } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statfsSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The user that may run a server when the tests run as root (PostgreSQL refuses root); undefined: we are one ourselves. */
export function serverUser(): { uid: number; gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const users = readFileSync('/etc/passwd', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  const found = users.find(([name]) => name === 'postgres') ?? users.find(([name]) => name === 'nobody');
  if (!found) throw new Error('running as root, and neither the user "postgres" nor "nobody" exists');
  return { uid: Number(found[2]), gid: Number(found[3]) };
}

/** The directory with `initdb`, `postgres` and the rest; of the newest version when none is asked for. */
export async function binDirOf(version?: number): Promise<string> {
  const versions: [number, string][] = [];
  for (const dir of candidates()) {
    if (!existsSync(path.join(dir, 'initdb'))) continue;
    const { stdout } = await run(path.join(dir, 'postgres'), ['--version']);
    versions.push([Number(/\) (\d+)/.exec(stdout)?.[1]), dir]);
  }
  const best = versions.filter(([major]) => version === undefined || major === version).sort(([a], [b]) => b - a)[0];
  if (!best) throw new Error(`no PostgreSQL ${version ?? ''} server programs here`);
  return best[1];
}

function candidates(): string[] {
  const debian = '/usr/lib/postgresql';
  return [
    ...(process.env.PG_BINDIR ? [process.env.PG_BINDIR] : []),
    ...(process.env.HOLDFAST_PG_BINDIRS ?? '').split(':').filter(Boolean),
    ...(existsSync(debian) ? readdirSync(debian).map((major) => path.join(debian, major, 'bin')) : []),
    ...(process.env.PATH ?? '').split(':'),
  ];
}

/** A TCP port that was free a moment ago. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        address && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}

/** Where many files may be made durable and removed again at little cost: memory, if there is plenty, else the temporary directory. */
export function scratchBase(): string {
  const memory = '/dev/shm';
  if (!existsSync(memory)) return tmpdir();
  const { bavail, bsize } = statfsSync(memory);
  return bavail * bsize > 4 * 1024 ** 3 ? memory : tmpdir();
}
