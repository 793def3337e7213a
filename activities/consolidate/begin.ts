/** Which chain is put together, and what the full backup made of it is called. */
import { activityInfo } from '@temporalio/activity';
import { ownStores } from '../../domain/config/copies';
import { siteInId } from '../../domain/config/names';
import { HoldfastError } from '../../domain/errors';
import { backupId } from '../../domain/ids';
import type { ConsolidateRequest } from '../../domain/requests';
import { getHead } from '../../repository/heads';
import { claimId } from '../backup/claim';
import type { SiteContext } from '../context';
import type { BackupJob } from '../contracts';
import { holdBackup, holdOwn, untilHeld } from '../leases/hold';
import { chooseBackup } from '../restore/choose';
import { lockWishes } from '../storage/lockable';

/** The new backup stands for the same moment: it gets the first free second after the one it is made of. */
export async function beginConsolidation(
  context: SiteContext,
  { backup }: ConsolidateRequest,
): Promise<{ job: BackupJob; of: string }> {
  const { config, site } = context;
  const { copy, manifest } = await untilHeld(async () => {
    const chosen = await chooseBackup(context, backup, { kind: 'latest' });
    const { backupId: id, chain } = chosen.manifest;
    await holdBackup(chosen.copy, { id, chain: chain?.map((link) => link.backupId) }, 'consolidate');
    return chosen;
  });
  if (manifest.chain === undefined) {
    throw new HoldfastError('usage', `${manifest.backupId} builds upon no other backup`, {
      hints: ['it is whole by itself: there is nothing to put together'],
    });
  }
  const head = await getHead(copy, manifest.backupId);
  const stores = ownStores(config.stores).filter((name) => head.stores.includes(name));
  const copies = stores.filter((name) => name !== copy.store.name);
  const { workflowExecution } = activityInfo();
  const owner = `${workflowExecution?.workflowId}/${workflowExecution?.runId}`;
  const locks = await lockWishes(context, manifest.tier, [copy.store.name, ...copies]);
  const partial = {
    ...(locks && { locks }),
    ...{ system: config.system, site, type: 'full' as const, store: copy.store.name, copies },
    ...(manifest.tier === undefined ? {} : { tier: manifest.tier }),
    components: Object.entries(manifest.components).map(([name, { kind }]) => ({ name, kind })),
    ...{ jobs: config.parallelJobs, verify: 'quick' as const, warnings: [] },
  };
  const moment = Math.floor(Date.parse(manifest.startedAt) / 1000) * 1000;
  for (let second = 1; ; second++) {
    const at = new Date(moment + second * 1000);
    const id = backupId({ system: config.system, site: siteInId(config, site), type: 'full', at });
    const job: BackupJob = { ...partial, backupId: id, startedAt: at.toISOString() };
    if (!(await claimId(context, job, owner))) continue;
    const repository = await context.repository();
    await holdOwn(
      stores.map((name) => repository.copy(name)),
      id,
    );
    return { job, of: manifest.backupId };
  }
}
