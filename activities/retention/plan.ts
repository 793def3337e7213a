/**
 * Retention of a site, stage by stage. Guaranteed: each stage may be cut anywhere and run again, and touches only what the plan chose and what is seen now
 * allows. Not guaranteed: that a plan is carried out whole: what is in use by then stays for the next run.
 */
import { cancellationSignal, log } from '@temporalio/activity';
import { componentRefs } from '../../domain/config/names';
import { proofNotice } from '../../domain/notifications/alerts';
import type { Addressed } from '../../domain/notifications/notice';
import type { PlannedCounts, RetentionJob, RetentionRequest } from '../../domain/retention/requests';
import type { Action, StorePlan, StoreView } from '../../domain/retention/types';
import { proofHealth } from '../../domain/verification/proof-health';
import type { RepositoryCopy } from '../../repository/copy';
import { offerSpared } from '../../repository/retention/offer-spared';
import { putPlan } from '../../repository/retention/plans';
import { makePlan, takeBackRemovals } from '../../repository/retention/stages';
import type { SiteContext } from '../context';
import { attemptName, openRun, runName } from './run';

const warningsTold = 20;

/** @throws HoldfastError whatever refuses to believe what is seen; nothing was touched then */
export async function planRetention(context: SiteContext, request: RetentionRequest): Promise<RetentionJob> {
  const { copies, away, run } = await openRun(context, request);
  let notices: Addressed[] = [];
  let seen: StoreView[] = [];
  const plans = await makePlan(copies, run, (views) => {
    seen = views;
    // Where a store is away its proofs are unknown, and nothing is said.
    if (away.length === 0) notices = alarming(context, views);
  });
  const at = (await copies[0]?.store.clock())?.toISOString() ?? '';
  await putPlan(copies, { format: 1, site: context.site, at, run: runName(), plans });
  for (const plan of plans) {
    const copy = copies.find(({ store }) => store.name === plan.store);
    if (copy) await takeBackRemovals(copy, plan, run.signal);
  }
  await offerWhatIsSpared(context, copies, seen);
  const warnings = [
    ...away.map((one) => `${one}: nothing is decided about it, and no WAL goes`),
    ...plans.flatMap((plan) => plan.warnings.map((warning) => `${plan.store}: ${warning}`)),
  ];
  const [unlock] = plans.flatMap((plan) => plan.unlock ?? []).sort((a, b) => a.inMs - b.inMs);
  return {
    ...{ request, run: runName(), stores: plans.map(counts), warnings: warnings.slice(0, warningsTold) },
    ...(unlock && { unlock }),
    ...(notices.length > 0 && { notices }),
  };
}

async function offerWhatIsSpared({ site }: SiteContext, copies: RepositoryCopy[], views: StoreView[]): Promise<void> {
  for (const copy of copies) {
    const view = views.find(({ store }) => store === copy.store.name);
    const offered =
      view && (await offerSpared(copy, view, { site, holder: attemptName(), signal: cancellationSignal() }));
    for (const backupId of offered ?? [])
      log.warn('a backup had expired, and is pinned or on hold: it is offered again', {
        backupId,
        store: copy.store.name,
      });
  }
}

/** Every day the heads are read here in any case: for those that hear of alerts it is looked what they say of proofs. */
function alarming({ config, site }: SiteContext, views: StoreView[]): Addressed[] {
  const targets = config.notifications?.alerts ?? [];
  const held = views.flatMap(({ store, heads }) => heads.map((head) => ({ store, head })));
  const health = proofHealth(config.verification, componentRefs(config, site), held, views[0]?.now ?? 0);
  const notice = proofNotice({ system: config.system, site }, health);
  return targets.length === 0 || notice === undefined ? [] : [{ targets, notice }];
}

export function counts({ store, decisions, wal, locked }: StorePlan): PlannedCounts {
  const count = (action: Action) => decisions.filter((one) => one.action === action).length;
  const [keep, expire, remove, move] = [count('keep'), count('expire'), count('remove'), count('move')];
  const inArchive = decisions.filter(({ archived }) => archived !== undefined).length;
  const archive = decisions.filter(({ archiving }) => archiving !== undefined).length;
  return {
    ...{ store, keep, expire, remove, move, systems: wal.length, ...(locked && { locked }) },
    ...{ ...(inArchive > 0 && { inArchive }), ...(archive > 0 && { archive }) },
  };
}
