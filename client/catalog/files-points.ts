/** Files can be restored as they were at each of their backups; what was changed since the newest would be lost. */
import type { BackupHead } from '../../domain/backup';
import type { RestoreSample, RestoreTime } from '../../domain/objectives';
import type { ComponentPoints } from './points';
import { restoreTime } from './restore-time';

/** What one store has of files. */
export interface FilesCopy {
  store: string;
  /** Its newest completed backup. */
  backupId: string;
  /** Since that backup began: it may have missed what was changed later. */
  rpoSeconds: number;
  rto?: RestoreTime;
}

/** `heads`: completed backups of the component, oldest first. */
export function filesPoints(
  { site, name }: { site: string; name: string },
  heads: BackupHead[],
  samples: RestoreSample[],
  now: Date,
): ComponentPoints {
  const rto = restoreTime(heads, name, undefined, samples);
  const copies = [...new Set(heads.flatMap(({ stores }) => stores))].sort().flatMap((store) => {
    const copy = filesCopy(name, heads, store, samples, now);
    return copy ? [copy] : [];
  });
  return {
    ...{ site, component: name, kind: 'files', intervals: [], gaps: [] },
    moments: heads.map(({ id, startedAt }) => ({ backupId: id, at: startedAt })),
    ...(copies.length > 0 && { copies, rpoSeconds: Math.min(...copies.map(({ rpoSeconds }) => rpoSeconds)) }),
    ...(rto && { rto }),
  };
}

export function filesCopy(
  component: string,
  heads: BackupHead[],
  store: string,
  samples: RestoreSample[],
  now: Date,
): FilesCopy | undefined {
  const newest = heads.findLast(({ stores }) => stores.includes(store));
  if (!newest) return undefined;
  const rto = restoreTime(heads, component, store, samples);
  const rpoSeconds = Math.max(0, (now.getTime() - Date.parse(newest.startedAt)) / 1000);
  return { store, backupId: newest.id, rpoSeconds, ...(rto && { rto }) };
}
