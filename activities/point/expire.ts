/** Keeps a tier's row of recovery points as long as its configuration says, in every store of the tier. */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { pointsToExpire, pointsToRemove } from '../../domain/recovery-points';
import type { RepositoryCopy } from '../../repository/copy';
import { listHeads, putHead, removeHead } from '../../repository/heads';
import { announceRemoval, removalDone } from '../../repository/leases';
import { backupKeys } from '../../repository/names';
import { readPins } from '../../repository/pins';
import { removeBackup } from '../../repository/remove';
import { renewCatalogLines } from '../backup/seal';
import type { SiteContext } from '../context';
import type { BackupJob } from '../contracts';
import { holderOf } from '../leases/hold';

/** A restore that began from a point when it was offered still has it for this long. */
const graceMs = 24 * 3600_000;

export async function expirePoints(
  context: SiteContext,
  job: BackupJob,
): Promise<{ expired: number; removed: number }> {
  const keep = context.config.tiers[job.tier ?? '']?.keep.last;
  const repository = await context.repository();
  let [expired, removed] = [0, 0];
  for (const store of [job.store, ...job.copies]) {
    const copy = repository.copy(store);
    if (keep !== undefined) expired += await expire(copy, job, keep);
    removed += await remove(copy, job);
    await renewCatalogLines(context, copy);
  }
  return { expired, removed };
}

async function expire(copy: RepositoryCopy, { site, tier }: BackupJob, keep: number): Promise<number> {
  const pinned = await pinnedIn(copy);
  const heads = (await listHeads(copy, cancellationSignal())).heads.filter(({ id }) => !pinned.has(id));
  const beyond = pointsToExpire(heads, { site, tier }, keep);
  for (const head of beyond) {
    await putHead(copy, { ...head, status: 'expired', expiredAt: (await copy.store.clock()).toISOString() });
    heartbeat(head.id);
  }
  return beyond.length;
}

/** The head goes last: what was cut off in the middle is found again by it. */
async function remove(copy: RepositoryCopy, { site, tier }: BackupJob): Promise<number> {
  const { heads } = await listHeads(copy, cancellationSignal());
  const pinned = await pinnedIn(copy);
  const useless = pointsToRemove(heads, { site, tier }, await copy.store.clock(), graceMs).filter(
    ({ id }) => !pinned.has(id),
  );
  let removed = 0;
  for (const { id } of useless) {
    if ((await announceRemoval(copy, id, holderOf())).length > 0) continue; // another time
    await removeBackup(copy, id, cancellationSignal());
    await copy.store.delete([backupKeys.receipt(id)]);
    await removeHead(copy, id);
    await removalDone(copy, id);
    removed++;
    heartbeat(id);
  }
  return removed;
}

/** Pinned ones are kept beside the row. */
async function pinnedIn(copy: RepositoryCopy): Promise<Map<string, unknown>> {
  return await readPins([copy]);
}
