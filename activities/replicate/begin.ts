/** The first and the last step of copying a backup: what it is, where it goes, and that nobody removes it meanwhile. */
import { activityInfo } from '@temporalio/activity';
import type { BackupHead, SealedManifest } from '../../domain/backup';
import { storeOf } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import type { ReplicateRequest } from '../../domain/replication/requests';
import { isDamaged, isHeld } from '../../domain/replication/wanted';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
import { chainManifests } from '../backup/parent';
import type { SiteContext } from '../context';
import { assertThere, untilHeld } from '../leases/hold';
import { chooseBackup } from '../restore/choose';
import { lockWishes } from '../storage/lockable';
import type { MemberState, ReplicationJob, ReplicationMember } from './contracts';
import { endCopyLeases, leaseForCopy, leaseWalForCopy } from './leases';

export async function beginReplication(context: SiteContext, request: ReplicateRequest): Promise<ReplicationJob> {
  for (const store of request.stores ?? []) storeOf(context.config, store);
  return await untilHeld(() => chooseAndHold(context, request));
}

/** What was removed between the choice and the lease is looked at again, as long as nothing was sent. */
async function chooseAndHold(context: SiteContext, request: ReplicateRequest): Promise<ReplicationJob> {
  const { config, site } = context;
  const { copy, manifest } = await chooseBackup(context, request.backup, { kind: 'latest' });
  const links = await chainManifests(copy, manifest.chain);
  const { backupId, tier } = manifest;
  const copies = tier === undefined ? undefined : config.tiers[tier]?.copies;
  const { workflowExecution } = activityInfo();
  const targets = request.stores ?? copies?.to ?? storesWithRole(config);
  const success = request.stores === undefined ? copies?.success : undefined;
  const job: ReplicationJob = {
    ...{ system: config.system, site, backupId, ...(tier === undefined ? {} : { tier }) },
    targets,
    enough: request.enough ?? (typeof success === 'number' ? success : targets.length),
    members: [...links, manifest].map(memberOf),
    jobs: config.parallelJobs,
    ...(request.moves && { moves: true }),
    holder: `${workflowExecution?.workflowId}/${workflowExecution?.runId}`,
  };
  if (job.targets.length === 0) {
    throw new HoldfastError('usage', `nothing says where ${backupId} is to be copied`, {
      hints: ['name stores: --regions', 'or give its tier `copies`, or a store a `role`'],
    });
  }
  try {
    await leaseForCopy(context, idsOf(job), job.holder, copy.store.name);
    await leaseWalForCopy(context, [...links, manifest]);
    for (const id of idsOf(job)) await assertThere(copy, id, id === backupId);
  } catch (error) {
    await endCopyLeases(context, idsOf(job), job.holder);
    throw error;
  }
  return job;
}

export async function reachStore(context: SiteContext, job: ReplicationJob & { to: string }): Promise<MemberState[]> {
  const copy = (await context.repository({ create: true })).copy(job.to);
  await lockWishes(context, job.tier, [job.to]);
  await leaseForCopy(context, idsOf(job), job.holder);
  const states: MemberState[] = [];
  for (const { backupId } of job.members) states.push(await stateOf(copy, backupId));
  // What was found wrong with it may lie in what it builds upon: that is read too.
  return states.at(-1) === 'damaged' ? states.map((one) => (one === 'there' ? 'damaged' : one)) : states;
}

export async function endReplication(context: SiteContext, job: ReplicationJob): Promise<void> {
  await endCopyLeases(context, idsOf(job), job.holder);
}

/** What an abort of its publishing left behind is lacking as well; of an entry that cannot be read nobody knows, so it is made again. */
async function stateOf(copy: RepositoryCopy, backupId: string): Promise<MemberState> {
  let head: BackupHead;
  try {
    head = await getHead(copy, backupId);
  } catch (error) {
    if (isHoldfastError(error) && ['backup_not_found', 'catalog_damaged'].includes(error.code)) return 'lacking';
    throw error;
  }
  if (!isHeld(head)) return 'lacking';
  return isDamaged(head) ? 'damaged' : 'there';
}

function memberOf({ backupId, components }: SealedManifest): ReplicationMember {
  const parts = Object.entries(components);
  return {
    backupId,
    components: parts.map(([name, { indexes }]) => ({ name, runs: indexes.length })),
    bytes: parts.reduce((sum, [, { summary }]) => sum + summary.bytes, 0),
    packs: parts.reduce((sum, [, { summary }]) => sum + summary.packs, 0),
  };
}

function storesWithRole({ stores }: Config): string[] {
  return Object.entries(stores).flatMap(([name, { role }]) => (role === undefined ? [] : [name]));
}

function idsOf({ members }: ReplicationJob): string[] {
  return members.map(({ backupId }) => backupId);
}
