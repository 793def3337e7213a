import { HoldfastError } from '../../domain/errors';
import { removalNotices } from '../../domain/notifications/removed';
import type { RetentionPart, StageDone } from '../../domain/retention/requests';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
import { getPlan, planKey, type StoredPlan } from '../../repository/retention/plans';
import { archiveStage, expireStage, sweepStage } from '../../repository/retention/stages';
import { renewCatalogLines } from '../backup/seal';
import type { SiteContext } from '../context';
import { attemptName, openRun } from './run';

const leftTold = 10;

export async function expireBackups(context: SiteContext, part: RetentionPart): Promise<StageDone> {
  const { copy, plan, run } = await openStage(context, part);
  const expired = await expireStage(copy, plan, run);
  if (expired.length > 0) await renewCatalogLines(context, copy);
  return { count: expired.length, left: [] };
}

export async function archiveBackups(context: SiteContext, part: RetentionPart): Promise<StageDone> {
  const { copy, plan, run } = await openStage(context, part);
  const archived = new Set(await archiveStage(copy, plan, run));
  // What an attempt marked that was cut off is told by the one that came after it.
  for (const backupId of chosen(plan, ({ archiving }) => archiving === 'begins')) {
    if (archived.has(backupId)) continue;
    const head = await getHead(copy, backupId).catch(() => undefined);
    if (head?.archived !== undefined) archived.add(backupId);
  }
  return { count: archived.size, left: [], ...noticesOf(context, copy, plan, 'backups_archived', archived) };
}

export async function sweepBackups(context: SiteContext, part: RetentionPart): Promise<StageDone> {
  const { copy, plan, run } = await openStage(context, part);
  const { removed, gone, left } = await sweepStage(copy, plan, run, attemptName());
  if (removed.length > 0) await renewCatalogLines(context, copy);
  const went = new Set([...removed, ...gone]);
  return {
    ...noticesOf(context, copy, plan, 'backups_removed', went),
    // What an attempt removed that was cut off is counted by the one that came after it.
    count: went.size,
    left: left.slice(0, leftTold).map(({ backupId, reason }) => `${backupId} stays in ${copy.store.name}: ${reason}`),
  };
}

type Plan = StoredPlan['plans'][number];

function chosen({ decisions }: Plan, by: (one: Plan['decisions'][number]) => boolean): string[] {
  return decisions.filter(by).map(({ backupId }) => backupId);
}

function noticesOf(
  { config, site }: SiteContext,
  { store }: RepositoryCopy,
  plan: Plan,
  event: 'backups_removed' | 'backups_archived',
  ids: ReadonlySet<string>,
): Pick<StageDone, 'notices'> {
  const notices = removalNotices(config, {
    ...{ event, system: config.system, site, store: store.name, plan: planKey(site) },
    gone: (plan.going ?? []).filter(({ backupId }) => ids.has(backupId)),
  });
  return notices.length > 0 ? { notices } : {};
}

export async function openStage(context: SiteContext, { job, store }: RetentionPart) {
  const { run, copies } = await openRun(context, job.request);
  const copy = (await context.repository()).copy(store);
  return { copy, run: { ...run, copies }, plan: await planFor(copy, job.run, context.site) };
}

/** @throws HoldfastError `object_not_found` when another run has planned since: what it chose is its own business */
async function planFor(copy: RepositoryCopy, run: string, site: string): Promise<StoredPlan['plans'][number]> {
  const stored = await getPlan(copy, site);
  const plan = stored.plans.find((one) => one.store === copy.store.name);
  if (plan !== undefined && stored.run === run) return plan;
  throw new HoldfastError('object_not_found', 'the plan of this run is not in the store any more', {
    where: copy.store.location,
    hints: ['another run of retention has begun since: look at it in the Web UI, or apply again'],
  });
}
