/**
 * Tiers and maintenance as Temporal Schedules, one for each site and kind of work: the engine starts them, whether or not anybody is here.
 *
 * Guaranteed: only schedules whose id begins with `holdfast/<system>/` are ever touched; applying twice changes nothing the second time; what is paused
 * stays paused. Not guaranteed: that a schedule which somebody changes by other means stays so: `diff` shows it, `apply` puts it right.
 */
import { type CleanUpRequest, cleanUpWorkflowId } from '../../domain/cleanup/report';
import { ownStores } from '../../domain/config/copies';
import type { Config } from '../../domain/config/types';
import type { MaintenanceKind } from '../../domain/config/types-schedules';
import { replicationWorkflowId } from '../../domain/replication/requests';
import { moveWorkflowId } from '../../domain/requests';
import { retentionWorkflowId } from '../../domain/retention/requests';
import type { PlannedWork } from '../../domain/schedule/plan';
import { shownTiming } from '../../domain/schedule/plan';
import {
  type HealthQuestion,
  type ScheduledOrder,
  type ScheduledRequest,
  storeInAttribute,
} from '../../domain/schedule/request';
import { movesBetweenStores } from '../../domain/store-moves';
import {
  type RecoveryTestRequest,
  recoveryTestWorkflowId,
  type Scenario,
  sampleWorkflowId,
  scenarios,
} from '../../domain/verification/requests';
import { backupOrder } from '../procedures/backup-order';
import { restoreWorkflowId } from '../procedures/ids';
import { fingerprint, type Order } from '../procedures/start';

export function scheduleId(system: string, { site, work, kind }: Pick<PlannedWork, 'site' | 'work' | 'kind'>): string {
  return `${schedulesOf(system)}${site}/${kind === 'tier' ? work : `maintenance/${work}`}`;
}

export function schedulesOf(system: string): string {
  return `holdfast/${system}/`;
}

/** Reads and writes next to nothing. */
const light = new Set<PlannedWork['kind']>(['retention', 'moves', 'cleanup']);

export function scheduledRequest(config: Config, planned: PlannedWork): ScheduledRequest {
  const { site, work, kind, timing, grace, jitter } = planned;
  const tier = kind === 'tier' ? config.tiers[work] : undefined;
  const order = orderOf(config, planned);
  const { components, stores } = needsOf(config, site, tier && work);
  const copying = kind === 'moves' && movesBetweenStores(config);
  const heavy = tier?.type !== 'point' && (copying || !light.has(kind));
  return {
    site,
    work,
    when: shownTiming(timing),
    health: { components: tier === undefined ? [] : components, stores },
    stores: stores.map((name) => storeInAttribute(config.system, name)),
    order,
    ...(tier !== undefined && { notDuring: [restoreWorkflowId(config.system, { site })] }),
    waitMs: grace,
    ...(heavy && { atOnce: config.maintenance.atOnce }),
    ...(jitter > 0 && { jitterMs: jitter }),
  };
}

/** What a backup of a tier reads and writes at a site. */
export function needsOf(config: Config, site: string, tier: string | undefined): Omit<HealthQuestion, 'site'> {
  const { components: named, to } = tier === undefined ? {} : (config.tiers[tier] ?? {});
  const known = Object.keys(config.sites[site]?.components ?? {});
  const stores = to ?? ownStores(config.stores);
  return {
    components: known.filter((name) => named === undefined || named.includes(name)),
    stores: stores.filter((name) => config.upload || config.stores[name]?.kind === 'dir'),
  };
}

/** What somebody would start by hand, under the same id. */
function orderOf(config: Config, { site, work, kind }: PlannedWork): ScheduledOrder {
  const { type, workflowId, request, summary } =
    kind === 'tier'
      ? backupOrder(config, { site, tier: work, upload: config.upload })
      : maintenanceOrder(config, site, kind);
  return { type, workflowId, request, summary, fingerprint: fingerprint(type, request) };
}

/** The whole quarter's drill is one run: its scenarios take turns. */
function maintenanceOrder({ system, retention }: Config, site: string, kind: MaintenanceKind): Order {
  const summary = (what: string) => `${what} of ${system} ${site}`;
  const test = (chosen: readonly Scenario[]): RecoveryTestRequest => ({
    site,
    scenarios: [...chosen],
    backup: 'latest',
  });
  const recoveryTest = { type: 'recoveryTest', workflowId: recoveryTestWorkflowId(system, site) } as const;
  switch (kind) {
    case 'retention': {
      const workflowId = retentionWorkflowId(system, site);
      return { type: 'applyRetention', workflowId, request: { site }, summary: summary('retention') };
    }
    case 'moves': {
      const workflowId = moveWorkflowId(system, site);
      return { type: 'moveBackups', workflowId, request: { site }, summary: summary('moves of older backups') };
    }
    case 'cleanup': {
      const request: CleanUpRequest = { site, graceMs: retention.grace };
      return { type: 'cleanUp', workflowId: cleanUpWorkflowId(system, site), request, summary: summary('cleanup') };
    }
    case 'replication': {
      const workflowId = replicationWorkflowId(system, site);
      return { type: 'replicateBackups', workflowId, request: { site }, summary: summary('copies of backups') };
    }
    case 'verification': {
      const workflowId = sampleWorkflowId(system, site);
      return { type: 'verifySample', workflowId, request: { site }, summary: summary('verification of a sample') };
    }
    case 'recoveryTests':
      return { ...recoveryTest, request: test(['full_recovery']), summary: summary('recovery test') };
    case 'drill':
      return { ...recoveryTest, request: test(scenarios), summary: summary('all recovery tests') };
  }
}
