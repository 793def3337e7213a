/**
 * Retention of a site, stage by stage. Guaranteed: each stage may be cut anywhere and run again, and touches only what the plan chose and what is seen now
 * allows. Not guaranteed: that a plan is carried out whole: what is in use by then stays for the next run.
 */
import type { PlannedCounts, RetentionJob, RetentionRequest } from '../../domain/retention/requests';
import type { Action, StorePlan } from '../../domain/retention/types';
import { putPlan } from '../../repository/retention/plans';
import { makePlan, takeBackRemovals } from '../../repository/retention/stages';
import type { SiteContext } from '../context';
import { openRun, runName } from './run';

const warningsTold = 20;

/** @throws HoldfastError whatever refuses to believe what is seen; nothing was touched then */
export async function planRetention(context: SiteContext, request: RetentionRequest): Promise<RetentionJob> {
  const { copies, away, run } = await openRun(context, request);
  const plans = await makePlan(copies, run);
  const at = (await copies[0]?.store.clock())?.toISOString() ?? '';
  await putPlan(copies, { format: 1, site: context.site, at, run: runName(), plans });
  for (const plan of plans) {
    const copy = copies.find(({ store }) => store.name === plan.store);
    if (copy) await takeBackRemovals(copy, plan, run.signal);
  }
  const warnings = [
    ...away.map((one) => `${one}: nothing is decided about it, and no WAL goes`),
    ...plans.flatMap((plan) => plan.warnings.map((warning) => `${plan.store}: ${warning}`)),
  ];
  const [unlock] = plans.flatMap((plan) => plan.unlock ?? []).sort((a, b) => a.inMs - b.inMs);
  return {
    ...{ request, run: runName(), stores: plans.map(counts), warnings: warnings.slice(0, warningsTold) },
    ...(unlock && { unlock }),
  };
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
