/** Where the trees of a backed-up server go: back to where they were, or to a directory and its tablespaces beside it. */
import path from 'node:path';
import type { PostgresFacts } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';

/** Root → absolute path; `data`, and the oid of each tablespace outside the data directory. */
export type TargetPaths = Record<string, string>;

type Facts = Pick<PostgresFacts, 'tablespaces'>;

/** Back to the original places; `dataDir` as configured, whatever the backup says. */
export function pathsInPlace(facts: Facts, dataDir: string): TargetPaths {
  return { data: dataDir, ...byOid(facts, ({ location }) => location) };
}

/**
 * To `dataDir`, with tablespaces in `<dataDir>.tablespaces/<oid>` unless the map (old location → new) says otherwise.
 * @throws HoldfastError `usage` when the map names a location that the backup does not have, or is not absolute
 */
export function pathsBelow(facts: Facts, dataDir: string, map: Record<string, string> = {}): TargetPaths {
  const locations = new Set(facts.tablespaces.map((one) => one.location));
  for (const [from, to] of Object.entries(map)) {
    if (locations.has(from) && path.isAbsolute(to)) continue;
    throw new HoldfastError('usage', `the tablespace map cannot take ${from} to ${to}`, {
      hints: [
        `tablespaces of this backup: ${[...locations].join(', ') || 'none'}`,
        'the new place must be an absolute path',
      ],
    });
  }
  const beside = `${path.resolve(dataDir)}.tablespaces`;
  return {
    data: path.resolve(dataDir),
    ...byOid(facts, ({ oid, location }) => map[location] ?? path.join(beside, oid)),
  };
}

function byOid(facts: Facts, place: (one: { oid: string; location: string }) => string): TargetPaths {
  const outside = facts.tablespaces.filter((one) => path.isAbsolute(one.location));
  for (const { oid } of outside) {
    if (!/^\d{1,10}$/.test(oid)) throw new HoldfastError('unsafe_path', 'the backup names a tablespace that is none');
  }
  return Object.fromEntries(outside.map((one) => [one.oid, place(one)]));
}
