/** Recovery points as the catalog has them: what `points` lists beside the intervals, and what `status` says of a row that stands still. */
import type { BackupHead, PointMark } from '../../domain/backup';
import type { Config } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { isPoint } from '../../domain/recovery-points';

export interface NamedPoint extends Omit<PointMark, 'systemIdentifier'> {
  backupId: string;
}

/** Of one database, oldest first. */
export function namedPoints(heads: BackupHead[], name: string, systemIdentifier: string): NamedPoint[] {
  return heads.flatMap(({ id, marks }) => {
    const mark = marks?.[name];
    if (mark?.systemIdentifier !== systemIdentifier) return [];
    const { systemIdentifier: _, ...rest } = mark;
    return [{ backupId: id, ...rest }];
  });
}

/** A row whose newest point is older than it may be is a problem, one that has none yet or whose last attempt failed a warning. */
export function rowsSay(
  config: Config,
  sites: string[],
  heads: BackupHead[],
  now: number,
): { problems: string[]; warnings: string[] } {
  const says = { problems: [] as string[], warnings: [] as string[] };
  for (const site of sites) {
    for (const [tier, { type, every, timeout = 0 }] of Object.entries(config.tiers)) {
      if (type !== 'point') continue;
      const row = heads.filter((head) => isPoint(head) && head.site === site && head.tier === tier);
      const newest = row.findLast(({ status }) => status === 'completed');
      const last = row.at(-1);
      if (last?.status === 'failed')
        says.warnings.push(`the last recovery point of the tier ${tier} (${site}), begun ${last.startedAt}, failed`);
      if (every === undefined) continue;
      if (newest === undefined) {
        says.warnings.push(`the tier ${tier} (${site}) has no recovery point yet`);
        continue;
      }
      const age = now - Date.parse(newest.startedAt);
      if (age <= every + timeout) continue;
      says.problems.push(
        `the newest recovery point of the tier ${tier} (${site}) is ${formatDuration(age)} old: one is due every ${formatDuration(every)}`,
      );
    }
  }
  return says;
}
