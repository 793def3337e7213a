/**
 * Replay makes a tablespace at the path that its WAL record names, and first deletes what it finds there: on the source's own
 * host that would be the live server's files. Known before the replay, it can be refused; this is where it is decided.
 */
import { lstatSync, mkdirSync, readdirSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { HoldfastError } from '../../domain/errors';
import type { TablespaceCreation } from '../../domain/wal-facts';
import { giveTo, type Owner } from './owner';

/** A CREATE TABLESPACE found in the WAL that is to be replayed. */
export type CreatedTablespace = Pick<TablespaceCreation, 'path'>;

/**
 * The locations that replay must not touch: what is there and is not the target's own. An empty directory is no conflict.
 * @param own absolute paths that belong to the target: its data directory, its tablespaces, those of data set aside by us
 */
export function tablespaceConflicts(created: CreatedTablespace[], own: string[]): CreatedTablespace[] {
  const ours = own.map(real);
  return created.filter((one) => {
    const place = real(one.path);
    return holdsSomething(place) && !ours.some((mine) => place === mine || place.startsWith(`${mine}/`));
  });
}

/** @throws HoldfastError `tablespace_conflict` naming each location */
export function refuseTablespaceConflicts(created: CreatedTablespace[], own: string[]): void {
  const conflicts = tablespaceConflicts(created, own);
  if (conflicts.length === 0) return;
  const places = conflicts.map((one) => one.path).join(', ');
  throw new HoldfastError(
    'tablespace_conflict',
    `the WAL creates tablespaces at places in use on this host: ${places}`,
    {
      where: conflicts[0]?.path,
      hints: [
        'restore on another host, where replay cannot damage them',
        'or take a target before they were created, or a newer backup that holds them',
      ],
    },
  );
}

/** Makes the directories that replay expects: the server creates a tablespace in them, never the directory itself. */
export function makeCreatedTablespaces(created: CreatedTablespace[], owner: Owner): void {
  for (const { path: location } of created) {
    const first = mkdirSync(location, { recursive: true, mode: 0o755 });
    if (first !== undefined) giveTo(owner, first);
    giveTo(owner, location);
  }
}

function holdsSomething(location: string): boolean {
  const stats = lstatSync(location, { throwIfNoEntry: false });
  return stats !== undefined && !(stats.isDirectory() && readdirSync(location).length === 0);
}

function real(location: string): string {
  try {
    return realpathSync(location);
  } catch {
    return path.resolve(location);
  }
}
