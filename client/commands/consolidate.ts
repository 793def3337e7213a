/** `consolidate`: a full backup out of a chain, without reading the database. */
import type { ConsolidateRequest } from '../../domain/requests';
import { sitesOfNamed } from '../catalog/named-backup';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { consolidateWorkflowId } from '../procedures/ids';
import { runProcedures } from '../procedures/run';

export interface ConsolidateOptions extends GlobalOptions {
  site?: string;
  detach?: boolean;
}

export async function consolidate(options: ConsolidateOptions, backup = 'latest'): Promise<Outcome> {
  const loaded = await configured(options);
  const { config } = loaded;
  const sites = await sitesOfNamed(config, options.site, backup);
  const orders = sites.map((site) => {
    const request: ConsolidateRequest = { site, backup };
    return {
      type: 'consolidate' as const,
      workflowId: consolidateWorkflowId(config.system, site, backup),
      request,
      summary: `full backup out of the chain of ${backup} (${config.system} ${site})`,
      label: site,
    };
  });
  return runProcedures(loaded, orders, { detach: options.detach });
}
