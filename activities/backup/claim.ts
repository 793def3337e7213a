/** An id names a second: whoever puts its name there first has it, and a retry of the same run finds its own. */
import { getHead } from '../../repository/heads';
import type { SiteContext } from '../context';
import type { BackupJob } from '../contracts';

/** Whether the job may have its id. @param owner workflow and run */
export async function claimId(context: SiteContext, job: BackupJob, owner: string): Promise<boolean> {
  const copy = (await context.repository({ create: true })).copy(job.store);
  const key = `backups/${job.backupId}/owner`;
  const outcome = await copy.store.put(key, Buffer.from(owner), { ifAbsent: true });
  if (outcome === 'exists' && (await copy.store.get(key)).toString() !== owner) return false;
  const taken = await getHead(copy, job.backupId).then(
    () => true,
    () => false,
  );
  return !taken || outcome === 'exists';
}
