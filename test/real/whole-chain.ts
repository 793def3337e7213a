/** The end of every proof: PostgreSQL's own judges, and every row of every table. */
import path from 'node:path';
import { openRestored, tableSums } from '../support/proof';
import type { TestSystem } from '../support/system';

/** What the source holds once the stores cover it: the sums that a restore of the latest state must bring back. */
export async function sumsCovered(system: TestSystem): Promise<Record<string, string>> {
  const sums = await tableSums(system.cluster);
  const now = `select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
  await system.covered(await system.cluster.psql(now));
  return sums;
}

/** `pg_verifybackup` on a copy that was placed and not replayed. Throws with what it found. */
export async function verifyPlaced(system: TestSystem, dataDir: string): Promise<void> {
  await system.cluster.program('pg_verifybackup', [dataDir]);
}

/** Starts a restored copy, holds it against `pg_amcheck --all` and the sums, and stops it. */
export async function proveCopy(system: TestSystem, dataDir: string, sums: Record<string, string>): Promise<void> {
  const opened = await openRestored(system.cluster, dataDir);
  try {
    expect(await opened.sums()).toEqual(sums);
    await opened.amcheck();
  } finally {
    await opened.close();
  }
}

/** The same for the server of the source after a restore in place. */
export async function proveInPlace({ cluster }: TestSystem, sums: Record<string, string>): Promise<void> {
  expect(await tableSums(cluster)).toEqual(sums);
  await cluster.program('pg_amcheck', ['--all', '--install-missing']);
}

/** A place for a copy below the system's folder; what it is called tells the tests apart. */
export function placeFor(system: TestSystem, name: string): { to: string; database: string } {
  const to = path.join(system.dir, name);
  return { to, database: path.join(to, 'database') };
}
