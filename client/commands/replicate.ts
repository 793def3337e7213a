/** `replicate`: one backup, or with `--all` whatever the tiers want copied and is not. */
import { storesOfRegion } from '../../domain/config/copies';
import { nearestName } from '../../domain/config/nearest';
import type { Config } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import {
  backupReplicationWorkflowId,
  type ReplicateAllRequest,
  type ReplicateRequest,
  replicationWorkflowId,
} from '../../domain/replication/requests';
import { estimateCopies } from '../catalog/copy-costs';
import { sitesOfNamed } from '../catalog/named-backup';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { type LabelledOrder, runProcedures } from '../procedures/run';
import { askedSites } from '../sites';

export interface ReplicateOptions extends GlobalOptions {
  site?: string;
  all?: boolean;
  regions?: string;
  async?: boolean;
  dryRun?: boolean;
}

/** @throws HoldfastError `usage` for a region that no store has */
export async function replicate(options: ReplicateOptions, backup?: string): Promise<Outcome> {
  if ((backup === undefined) === (options.all !== true)) {
    throw new HoldfastError('usage', 'name a backup, or say --all', { hints: ['holdfast replicate latest'] });
  }
  const loaded = await configured(options);
  const { config } = loaded;
  const stores = options.regions === undefined ? undefined : storesOf(config, options.regions);
  const sites =
    backup === undefined ? askedSites(config, options.site) : await sitesOfNamed(config, options.site, backup);
  if (options.dryRun) return await estimateCopies(loaded, { sites, backup, stores });
  const named = stores === undefined ? {} : { stores };
  const orders = sites.map((site) =>
    backup === undefined ? orderOfAll(config, { site, ...named }) : orderOf(config, { site, backup, ...named }),
  );
  return await runProcedures(loaded, orders, { detach: options.async, list: options.all === true && sites.length > 1 });
}

export function orderOfAll({ system }: Pick<Config, 'system'>, request: ReplicateAllRequest): LabelledOrder {
  const { site } = request;
  return {
    type: 'replicateBackups',
    workflowId: replicationWorkflowId(system, site),
    request,
    summary: `copies of ${system} ${site}`,
    label: site,
  };
}

function orderOf({ system }: Pick<Config, 'system'>, request: ReplicateRequest): LabelledOrder {
  const { site, backup } = request;
  return {
    type: 'replicateBackup',
    workflowId: backupReplicationWorkflowId(system, site, backup),
    request,
    summary: `copies of ${backup} (${system} ${site})`,
    label: site,
  };
}

function storesOf(config: Config, regions: string): string[] {
  const named = regions.split(',').map((one) => one.trim());
  return [...new Set(named.flatMap((region) => storesOfOne(config, region)))];
}

function storesOfOne(config: Config, region: string): string[] {
  const stores = storesOfRegion(config, region);
  if (stores.length > 0) return stores;
  const known = Object.entries(config.stores).flatMap(([name, store]) => [
    name,
    ...(store.role === undefined ? [] : [store.role]),
    ...(store.kind === 's3' ? [store.region] : []),
  ]);
  const nearest = nearestName(region, known);
  throw new HoldfastError('usage', `no store is named "${region}", and none has that role or region`, {
    hints: [nearest === undefined ? `known: ${[...new Set(known)].join(', ')}` : `did you mean "${nearest}"?`],
  });
}
