/** Whether enough copies were made: as many as the tier wants. */
import { log } from '@temporalio/workflow';
import type { ReplicationJob } from '../../activities/replicate/contracts';
import type { CopyEnd } from '../../domain/replication/requests';
import { refuse } from '../frame/failure';
import type { Run } from '../frame/run';

/** @throws HoldfastError `copies_missing` with every store that has none, and why */
export function judge(run: Run, { backupId, enough }: ReplicationJob, ends: CopyEnd[]): void {
  const failed = ends.filter(({ outcome }) => outcome === 'failed');
  const told = failed.map(({ store, error }) => `${store}: ${error?.code}: ${error?.message}`);
  for (const one of told) log.error(`${backupId} has no copy in ${one}`);
  const made = ends.length - failed.length;
  if (made >= enough) {
    run.warn(...told.map((one) => `no copy in ${one}`));
    return;
  }
  const what = `${backupId} has ${made} of the ${enough} ${enough === 1 ? 'copy' : 'copies'} that are wanted`;
  refuse('copies_missing', `${what}; ${told.join('; ')}`, [
    'what was copied stays; the next replication goes on from there',
    '`holdfast status` says how late each store is',
  ]);
}
