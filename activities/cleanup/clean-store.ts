/**
 * Cleans up one store after the other. Guaranteed: what is found to be nobody's is judged by the leases of every store, taken before anything is listed
 * (`repository/cleanup/cleaning.ts`). Not guaranteed: figures of an attempt that was cut; those told are of the last one.
 */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { BackupHead } from '../../domain/backup';
import type { CleanedStore, CleanStoreOrder } from '../../domain/cleanup/report';
import type { Cleaning } from '../../repository/cleanup/cleaning';
import { cleanBackups } from '../../repository/cleanup/dead-backups';
import { cleanSmallThings } from '../../repository/cleanup/small-things';
import { tellStrangers } from '../../repository/cleanup/strangers';
import { cleanWal } from '../../repository/cleanup/wal-leftovers';
import { listHeads } from '../../repository/heads';
import { standingLeases } from '../../repository/leases';
import type { Repository } from '../../repository/repository';
import { renewCatalogLines } from '../backup/seal';
import type { SiteContext } from '../context';
import { attemptName } from '../retention/run';

export async function storesToClean(context: SiteContext): Promise<{ stores: string[]; unavailable: string[] }> {
  const { copies, unavailable } = await context.repository();
  return {
    stores: copies.map(({ store }) => store.name),
    unavailable: unavailable.map(({ store }) => store.name),
  };
}

export async function cleanStore(context: SiteContext, order: CleanStoreOrder): Promise<CleanedStore> {
  const { graceMs, dryRun = false } = order;
  const repository = await context.repository();
  const copy = repository.copy(order.store);
  const outcome: CleanedStore = { store: order.store, removed: {}, left: [], more: 0 };
  const leased = new Set<string>();
  // Before anything is listed: whoever stores something said so before.
  for (const one of repository.copies) for (const { backupId } of await standingLeases(one)) leased.add(backupId);
  const cleaning: Cleaning = {
    ...{ copy, remover: attemptName(), dryRun, leased, outcome, signal: cancellationSignal(), beat: () => heartbeat() },
    before: new Date((await copy.store.clock()).getTime() - graceMs),
  };
  const { heads, damaged } = await listHeads(copy, cancellationSignal());
  for (const { key, reason } of damaged) outcome.left.push(`${key}: ${reason}`);
  if (damaged.length === 0) await cleanBackups(cleaning, new Map(heads.map((head) => [head.id, head])));
  await cleanSmallThings(cleaning);
  await cleanWal(cleaning, repository, await headsOfAll(repository));
  await tellStrangers(cleaning);
  if (!dryRun) await renewCatalogLines(context, copy);
  return outcome;
}

/** Undefined when a store cannot be asked, or an entry cannot be read. */
async function headsOfAll({ copies, unavailable }: Repository): Promise<BackupHead[] | undefined> {
  if (unavailable.length > 0) return undefined;
  const all: BackupHead[] = [];
  for (const copy of copies) {
    const { heads, damaged } = await listHeads(copy, cancellationSignal());
    if (damaged.length > 0) return undefined;
    all.push(...heads);
  }
  return all;
}
