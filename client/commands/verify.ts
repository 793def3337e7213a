/** `verify`: one backup, or with `--all` every completed one, one after another. */
import type { LoadedConfig } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import type { VerifyRequest } from '../../domain/requests';
import { backupHeads } from '../catalog/heads';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { verifyWorkflowId } from '../procedures/ids';
import { runProcedures } from '../procedures/run';
import { askedSites, sitesOfBackup } from '../sites';

export interface VerifyOptions extends GlobalOptions {
  site?: string;
  all?: boolean;
  full?: boolean;
  detach?: boolean;
}

export async function verify(options: VerifyOptions, backup?: string): Promise<Outcome> {
  if ((backup === undefined) === (options.all !== true)) {
    throw new HoldfastError('usage', 'name a backup, or say --all', { hints: ['holdfast verify latest'] });
  }
  const loaded = await configured(options);
  const { system } = loaded.config;
  const level = options.full ? 'full' : 'quick';
  const chosen =
    backup === undefined ? await everyBackup(loaded, options.site) : namedBackup(loaded, options.site, backup);
  if (chosen.length === 0) return { json: [], text: 'there is no completed backup' };
  const orders = chosen.map(({ site, id }) => {
    const request: VerifyRequest = { site, backup: id, level };
    return {
      type: 'verifyBackup' as const,
      workflowId: verifyWorkflowId(system, site, id),
      request,
      summary: `${level} verification of ${id}`,
      label: id,
    };
  });
  return runProcedures(loaded, orders, { detach: options.detach, inTurn: true, list: options.all === true });
}

interface Chosen {
  site: string;
  id: string;
}

function namedBackup({ config }: LoadedConfig, site: string | undefined, id: string): Chosen[] {
  return sitesOfBackup(config, site, id).map((one) => ({ site: one, id }));
}

async function everyBackup(loaded: LoadedConfig, site: string | undefined): Promise<Chosen[]> {
  const sites = askedSites(loaded.config, site);
  const { heads } = await backupHeads(loaded);
  return heads
    .filter((head) => head.status === 'completed' && sites.includes(head.site))
    .map((head) => ({ site: head.site, id: head.id }));
}
