/** The undo of everything that makes a backup: what cannot be removed, since it is locked, is said. */
import type { BackupJob } from '../../activities/contracts';
import { onSite } from '../frame/bind';
import type { Run } from '../frame/run';

export async function discard(run: Run, job: BackupJob, summary: string): Promise<void> {
  const left = await onSite(job.site, { summary }).discardBackup(job);
  run.warn(...(left?.warnings ?? []));
}
