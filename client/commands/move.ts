/** `move`: what the tiers say about older backups, now instead of when its schedule comes. */
import { type MoveRequest, moveWorkflowId } from '../../domain/requests';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { runProcedures } from '../procedures/run';
import { askedSites } from '../sites';

export interface MoveOptions extends GlobalOptions {
  site?: string;
  dryRun?: boolean;
  detach?: boolean;
}

export async function move(options: MoveOptions): Promise<Outcome> {
  const loaded = await configured(options);
  const { system } = loaded.config;
  const orders = askedSites(loaded.config, options.site).map((site) => {
    const request: MoveRequest = { site, ...(options.dryRun && { dryRun: true }) };
    return {
      type: 'moveBackups' as const,
      workflowId: moveWorkflowId(system, site),
      request,
      summary: `move older backups of ${system} ${site} down`,
      label: site,
    };
  });
  return runProcedures(loaded, orders, { detach: options.detach });
}
