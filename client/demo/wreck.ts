/** The disaster: no orderly stop, no data left, a tree of configuration that nobody can trust. */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Performance } from './performance';
import { occupied } from './procedure-watch';
import { damageTree } from './tree';

export interface Wreck {
  /** Milliseconds since 1970. */
  at: number;
  /** Size that the database had. */
  databaseBytes: number;
}

export async function wreck({ stage, narrator, tidy }: Performance): Promise<Wreck> {
  const { cluster, tree } = stage;
  const databaseBytes = occupied(path.join(cluster.dataDir, 'base'));
  const at = Date.now();
  const { postmaster, children } = await cluster.kill9((pid) => tidy.willKill(pid));
  for (const name of readdirSync(cluster.dataDir)) rmSync(path.join(cluster.dataDir, name), { recursive: true });
  const damaged = damageTree(tree);
  narrator.line(
    `WRECK: kill -9 of PostgreSQL (pid ${postmaster} and its ${children} children), all its files deleted,`,
  );
  narrator.more(`${damaged} files of configuration deleted, overwritten or forged`);
  return { at, databaseBytes };
}
