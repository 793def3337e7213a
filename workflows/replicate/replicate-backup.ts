/**
 * Copies a backup, with all that it builds upon and the WAL it needs, to further stores. Each store goes its own way: one that is away keeps none of the others from
 * its copy. Nothing is undone, since a copy that was begun is what the next run goes on from.
 */
import type { ReplicateRequest } from '../../domain/replication/requests';
import { onSite } from '../frame/bind';
import { procedure } from '../frame/procedure';
import { copyTo } from './copy-to';
import { judge } from './judge';

export const replicateBackup = procedure<ReplicateRequest>('replicate backup', async (run, request) => {
  const { site } = request;
  const first = onSite(site, { summary: 'find the backup', first: true });
  const job = await run.step('find the backup', () => first.beginReplication(request));
  run.about({ backupId: job.backupId, tier: job.tier });
  const end = () => onSite(site, { summary: 'give the leases back', tries: 3 }).endReplication(job);
  run.undo('give the leases back', end);
  const { members, targets } = job;
  const total = (of: 'bytes' | 'packs') => targets.length * members.reduce((sum, one) => sum + one[of], 0);
  run.expect({ bytes: total('bytes'), packs: total('packs') });
  run.findings.copies = await Promise.all(targets.map((to) => copyTo(run, job, to)));
  run.findings.bytes = members.reduce((sum, { bytes }) => sum + bytes, 0);
  judge(run, job, run.findings.copies);
  await run.afterwards('give the leases back', end);
  run.settled('give the leases back');
});
