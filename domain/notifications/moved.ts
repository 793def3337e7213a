/** That backups went where they are kept for long: into a colder class of their store, or into another store. */
import { formatBytes } from '../config/units';
import type { ToldMove } from '../moves';
import { type Addressed, firstOf, namedAtMost } from './notice';
import { byTargets } from './targets';

/** One backup that moved. */
export interface Moved {
  backupId: string;
  /** `warm to GLACIER_IR`, or the name of a store. */
  where: string;
  told?: ToldMove;
}

export function moveNotices({ system, site }: { system: string; site: string }, moved: Moved[]): Addressed[] {
  return byTargets(moved, ({ told }) => told?.targets ?? []).map(({ targets, of }) => {
    const count = of.length;
    const storedBytes = of.reduce((sum, one) => sum + (one.told?.storedBytes ?? 0), 0);
    const places = [...Map.groupBy(of, ({ where }) => where)].map(([where, own]) => ({
      ...{ where, count: own.length, first: own.slice(0, namedAtMost).map(({ backupId }) => backupId) },
      ids: own.map(({ backupId }) => backupId),
    }));
    return {
      targets,
      notice: {
        ...{ event: 'backups_moved', system, site },
        subject: `${count} ${count === 1 ? 'backup was' : 'backups were'} moved down (${system} ${site})`,
        lines: [
          ...places.slice(0, namedAtMost).map(({ where, ids }) => `${ids.length} to ${where}: ${firstOf(ids)}`),
          `stored in ${formatBytes(storedBytes)}`,
        ],
        facts: {
          ...{ count, storedBytes },
          places: places.slice(0, namedAtMost).map(({ where, count: many, first }) => ({ where, count: many, first })),
        },
      },
    };
  });
}
