/** What is started when a site is backed up: a backup, or for a tier of recovery points one of those. */
import type { BackupType } from '../../domain/backup';
import type { Config, TierConfig } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import type { BackupRequest, PointRequest } from '../../domain/requests';
import { backupWorkflowId, pointWorkflowId } from './ids';
import type { Order } from './start';

/** As asked for; what is absent the tier says. */
export interface BackupWish {
  site: string;
  tier?: string;
  type?: BackupType;
  components?: string[];
  upload: boolean;
  dryRun?: boolean;
}

/** @throws HoldfastError `usage` when a tier of recovery points is to make another type */
export function backupOrder(config: Config, { type: asked, ...wish }: BackupWish): Order {
  const { site, tier } = wish;
  const configured = tier === undefined ? undefined : config.tiers[tier];
  const whose = `${config.system} ${site}${tier === undefined ? '' : `, tier ${tier}`}`;
  if (tier !== undefined && configured?.type === 'point') {
    if (asked !== undefined) {
      throw new HoldfastError('usage', `the tier ${tier} makes recovery points, and no ${asked} backups`, {
        hints: ['leave out --type, or name another tier'],
      });
    }
    const request: PointRequest = { ...wish, tier, timeout: configured.timeout ?? 0 };
    const workflowId = pointWorkflowId(config.system, site, tier);
    return { type: 'recoveryPoint', workflowId, request, summary: `recovery point of ${whose}` };
  }
  const type = asked ?? backupType(configured);
  const request: BackupRequest = { ...wish, type };
  const workflowId = backupWorkflowId(config.system, site);
  return { type: 'backup', workflowId, request, summary: `${type} backup of ${whose}` };
}

function backupType(tier: TierConfig | undefined): BackupType {
  return tier === undefined || tier.type === 'point' ? 'full' : tier.type;
}
