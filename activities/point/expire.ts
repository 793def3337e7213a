/** Keeps a tier's row of recovery points as long as its configuration says, in every store of the tier. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { pointsToExpire, pointsToRemove } from '../../domain/recovery-points';
import { planStore } from '../../domain/retention/plan';
import { optionsFor } from '../../domain/retention/plan-site';
import { standsFor } from '../../domain/retention/standing';
import type { StoreView } from '../../domain/retention/types';
import type { RepositoryCopy } from '../../repository/copy';
import { putHead } from '../../repository/heads';
import { lookAtStore } from '../../repository/retention/look';
import { sweepBackups } from '../../repository/retention/sweep';
import { renewCatalogLines } from '../backup/seal';
import type { SiteContext } from '../context';
import type { BackupJob } from '../contracts';
import { attemptName } from '../retention/run';

export async function expirePoints(
  context: SiteContext,
  job: BackupJob,
): Promise<{ expired: number; removed: number }> {
  const keep = context.config.tiers[job.tier ?? '']?.keep.last;
  const repository = await context.repository();
  let [expired, removed] = [0, 0];
  for (const store of [job.store, ...job.copies]) {
    const copy = repository.copy(store);
    const view = await lookAtStore(copy, cancellationSignal());
    if (keep !== undefined) expired += await expire(copy, view, job, keep);
    removed += await remove(context, copy, view, job);
    await renewCatalogLines(context, copy);
  }
  return { expired, removed };
}

async function expire(copy: RepositoryCopy, view: StoreView, { site, tier }: BackupJob, keep: number): Promise<number> {
  // The point that was just made still holds those that it builds upon: that keeps them there, and not in the row.
  const unused = { ...view, leases: [] };
  const beyond = pointsToExpire(view.heads, { site, tier }, keep).filter(
    (head) => standsFor(head, unused).length === 0,
  );
  for (const head of beyond) {
    await putHead(copy, { ...head, status: 'expired', expiredAt: (await copy.store.clock()).toISOString() });
    heartbeat(head.id);
  }
  return beyond.length;
}

/** As retention removes any backup: announced, and looked again who needs it. A restore that began from a point when it was offered still has it. */
async function remove(
  context: SiteContext,
  copy: RepositoryCopy,
  { heads, now }: StoreView,
  { site, tier }: BackupJob,
): Promise<number> {
  const { coolOff } = context.config.retention;
  const planned = new Set(pointsToRemove(heads, { site, tier }, new Date(now), coolOff).map(({ id }) => id));
  if (planned.size === 0) return 0;
  const options = optionsFor(copy.store.name, { config: context.config, site, partial: false });
  const decide = async (view: StoreView) => planStore(view, options);
  const swept = await sweepBackups(copy, attemptName(), { planned, decide, signal: cancellationSignal() });
  return swept.removed.length;
}
