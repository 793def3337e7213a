/** `retention apply`: as a procedure of each site; with `--dry-run` only what it would do. */
import { type RetentionRequest, retentionWorkflowId } from '../../../domain/retention/requests';
import type { Decision } from '../../../domain/retention/types';
import { standsByLockAlone } from '../../../domain/retention/unlock';
import { configured, type GlobalOptions, type Outcome } from '../../context';
import { confirm } from '../../output/confirm';
import { runProcedures } from '../../procedures/run';
import { chosenSites } from '../../sites';
import { ageOf, jsonOf, plansOf, tableOf } from './plan';

export interface ApplyOptions extends GlobalOptions {
  site?: string;
  retention?: string;
  dryRun?: boolean;
  detach?: boolean;
}

export async function apply(options: ApplyOptions): Promise<Outcome> {
  const age = ageOf(options.retention);
  const loaded = await configured(options);
  const { system } = loaded.config;
  const sites = chosenSites(loaded.config, options.site);
  const changes = (one: Decision) => one.action !== 'keep' || standsByLockAlone(one) || one.archiving !== undefined;
  if (options.dryRun) {
    const plans = await plansOf(loaded, sites, age);
    return { json: jsonOf(plans), text: tableOf(plans, changes) || 'nothing would change' };
  }
  if (!options.yes) {
    const decisions = (await plansOf(loaded, sites, age)).flatMap((plan) => plan.decisions);
    const count = (action: Decision['action']) => decisions.filter((one) => one.action === action).length;
    const [expire, remove] = [count('expire'), count('remove')];
    if (expire + remove > 0) await confirm(`${expire} backups expire, and ${remove} are removed for good`, options);
  }
  const orders = sites.map((site) => {
    const request: RetentionRequest = { site, ...(age !== undefined && { age }) };
    return {
      type: 'applyRetention' as const,
      workflowId: retentionWorkflowId(system, site),
      request,
      summary: `retention of ${system} ${site}`,
      label: site,
    };
  });
  return runProcedures(loaded, orders, { detach: options.detach });
}
