/** `backup`: one site, all of them, or those a tier is run on. */
import type { BackupType } from '../../domain/backup';
import { ownStores } from '../../domain/config/copies';
import type { Config } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { backupOrder } from '../procedures/backup-order';
import { runProcedures } from '../procedures/run';
import { needsOf } from '../schedules/orders';
import { checkComponents, checkTier, chosenSites } from '../sites';

export interface BackupOptions extends GlobalOptions {
  site?: string;
  tier?: string;
  component?: string[];
  dryRun?: boolean;
  upload?: boolean;
  detach?: boolean;
  type?: BackupType;
}

export async function backup(options: BackupOptions): Promise<Outcome> {
  const loaded = await configured(options);
  const { config } = loaded;
  const { tier, component: components, dryRun, detach } = options;
  if (tier !== undefined) checkTier(config, tier);
  const sites = chosenSites(config, options.site ?? (tier === undefined ? undefined : 'all'));
  const upload = options.upload !== false && config.upload;
  if (!upload) checkLocalStore(config, tier);
  for (const site of sites) checkComponents(config, site, components);
  const { type } = options;
  // Whoever names a tier and no site means those that can: one that cannot keeps no other from it.
  const everywhere = tier !== undefined && options.site === undefined && sites.length > 1;
  const orders = sites.map((site) => ({
    ...backupOrder(config, { site, tier, type, components, upload, dryRun }),
    label: site,
    ...(everywhere && { onlyIfWell: { site, ...needsOf(config, site, tier) } }),
  }));
  return runProcedures(loaded, orders, { detach });
}

function checkLocalStore(config: Config, tier: string | undefined): void {
  const names = tier === undefined ? ownStores(config.stores) : (config.tiers[tier]?.to ?? []);
  if (names.some((name) => config.stores[name]?.kind === 'dir')) return;
  const what = tier === undefined ? 'the configuration' : `the tier ${tier}`;
  throw new HoldfastError('usage', `nothing may be uploaded, and ${what} has no store of kind dir`, {
    hints: ['leave out --no-upload (and UPLOAD_ENABLED=false), or add a store of kind dir'],
  });
}
