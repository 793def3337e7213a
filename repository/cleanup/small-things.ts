/** Leases that ended long ago, removals of what is gone, trials of a store, and what never became an object. */
import { addAmount, tellLeft } from '../../domain/cleanup/report';
import { isHoldfastError } from '../../domain/errors';
import { isBeingRemoved, leasesPrefix, removalDone, removalsUnderWay, standingLeases } from '../leases';
import { backupFolder, headKey } from '../names';
import { type Cleaning, isOld, Sweeper } from './cleaning';

const hourMs = 3600_000;

export async function cleanSmallThings(cleaning: Cleaning): Promise<void> {
  await cleanLeases(cleaning);
  await cleanRemovals(cleaning);
  const probes = new Sweeper(cleaning, 'probe');
  for await (const object of cleaning.copy.store.list('probe/')) if (isOld(cleaning, object)) await probes.take(object);
  await probes.flush();
  await cleanUnfinished(cleaning);
}

/** One that cannot be read stands for ever: it is told by who is kept waiting. */
async function cleanLeases(cleaning: Cleaning): Promise<void> {
  const { copy } = cleaning;
  const standing = new Set((await standingLeases(copy)).map(({ backupId }) => backupId));
  const sweeper = new Sweeper(cleaning, 'lease');
  for await (const object of copy.store.list(leasesPrefix)) {
    const [, backupId = ''] = object.key.split('/');
    if (!standing.has(backupId) && isOld(cleaning, object)) await sweeper.take(object);
  }
  await sweeper.flush();
}

/** Of a backup that is still there somebody goes on with it. */
async function cleanRemovals(cleaning: Cleaning): Promise<void> {
  const { copy, dryRun, outcome } = cleaning;
  for (const id of await removalsUnderWay(copy)) {
    if (await isThere(cleaning, id)) continue;
    addAmount(outcome, 'removal', { objects: 1, bytes: 0 });
    if (!dryRun && (await isBeingRemoved(copy, id))) await removalDone(copy, id);
  }
}

async function isThere({ copy }: Cleaning, id: string): Promise<boolean> {
  if (await copy.store.head(headKey(id))) return true;
  for await (const _ of copy.store.list(backupFolder(id))) return true;
  return false;
}

/** Never younger than an hour, whatever the grace: no lease covers them. */
async function cleanUnfinished({ copy, before, dryRun, outcome }: Cleaning): Promise<void> {
  const hourAgo = new Date((await copy.store.clock()).getTime() - hourMs);
  const until = before < hourAgo ? before : hourAgo;
  try {
    addAmount(
      outcome,
      'unfinished',
      (await copy.store.dropUnfinished?.(until, { dryRun })) ?? { objects: 0, bytes: 0 },
    );
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'store_denied') throw error;
    tellLeft(outcome, `uploads that were never completed: ${error.message}`);
  }
}
