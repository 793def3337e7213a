/** Locks a sealed backup in a store, with every backup that it builds upon; the longest lock of all that need an object is the one it has. */
import type { BackupJob } from '../../activities/contracts';
import type { LockPart } from '../../activities/storage/contracts';
import { onSite } from '../frame/bind';
import type { Run } from '../frame/run';
import { workThrough } from '../pack-runs';

/** What of a backup is needed to lock it: a copy that was made later is locked by the same words. */
type Lockable = Pick<BackupJob, 'site' | 'backupId' | 'chain' | 'jobs' | 'locks'>;

export async function lockBackup(run: Run, job: Lockable): Promise<void> {
  const { site, backupId, chain = [] } = job;
  const at = (summary: string) => onSite(site, { summary });
  for (const [store, { mode, for: ms }] of Object.entries(job.locks ?? {})) {
    await run.step(`lock in ${store}`, async () => {
      const plan = await at('fix the end of the lock').planLock({ site, backupId, store, mode, for: ms });
      // What the backup builds upon first: it is never locked longer than its own ground.
      for (const id of [...chain.map((link) => link.backupId), backupId]) {
        await lockPart(run, job, { ...plan, backupId: id, own: id === backupId });
      }
    });
  }
}

async function lockPart(run: Run, { jobs }: Lockable, part: LockPart): Promise<void> {
  const { site, backupId, store, mode, until } = part;
  const at = (summary: string) => onSite(site, { summary: `${summary} of ${backupId}` });
  const { components } = await at('count the runs').lockedParts(part);
  for (const { name, runs } of components) {
    const work = { kind: 'lock', site, backupId, component: name, store, mode, until } as const;
    await workThrough(run, { work, from: 0, to: runs, jobs });
  }
  run.warn(...(await at('lock documents and WAL').lockRest(part)).warnings);
}
