/** The first steps of a backup: what it is to hold and where it goes, its id, and whether it can succeed at all. */
import { activityInfo } from '@temporalio/activity';
import { connectionOf } from '../../components/config-file/open-repository';
import { sourceDirs } from '../../components/files/source';
import { checkStreamed } from '../../components/postgres/base-backup/check';
import { checkPostgres } from '../../components/postgres/check';
import { slotName } from '../../components/postgres/wal/replication';
import type { BackupHead, BackupType, ChainLink } from '../../domain/backup';
import { ownStores } from '../../domain/config/copies';
import { componentOf, dataDirOf, filesOf, postgresOf, siteInId, siteOf } from '../../domain/config/names';
import type { ComponentConfig } from '../../domain/config/types';
import { HoldfastError, isErrorCode } from '../../domain/errors';
import { backupId } from '../../domain/ids';
import type { BackupRequest } from '../../domain/requests';
import { createDataKey } from '../../repository/data-key';
import { putHead } from '../../repository/heads';
import type { SiteContext } from '../context';
import type { BackupJob, JobComponent } from '../contracts';
import { holdOwn } from '../leases/hold';
import { holdComingWal } from '../leases/hold-wal';
import { lockWishes, provisionally } from '../storage/lockable';
import { claimId } from './claim';
import { chooseParent, type ParentWish } from './parent';

export async function beginBackup(context: SiteContext, request: BackupRequest): Promise<BackupJob> {
  const scope = scopeOf(context, request);
  const { components, stores, warnings } = scope;
  const hold = request.dryRun !== true;
  const { type, chain } = await basisOf(context, request.type, { components, stores, hold }, warnings);
  return await claimJob(context, { ...scope, type, chain }, request.dryRun);
}

/** What any kind of backup is to hold, and where it goes. */
export interface BackupScope {
  tier?: string;
  components: JobComponent[];
  /** The first is the one that packs are written to. */
  stores: string[];
  verify: 'quick' | 'full';
  warnings: string[];
}

/** @throws HoldfastError `usage` for a tier that is not there, and where no store is left to write to */
export function scopeOf(context: SiteContext, request: Omit<BackupRequest, 'type'>): BackupScope {
  const { config, site } = context;
  const tier = request.tier === undefined ? undefined : tierOf(context, request.tier);
  const names = request.components ?? tier?.components ?? Object.keys(siteOf(config, site).components);
  const stores = (tier?.to ?? ownStores(config.stores)).filter(
    (name) => request.upload || config.stores[name]?.kind === 'dir',
  );
  if (stores.length === 0) {
    throw new HoldfastError('usage', 'without uploading there is no store left to write to', {
      hints: ['add a store of kind dir, or leave out --no-upload'],
    });
  }
  return {
    tier: request.tier,
    components: names.map((name) => jobComponent(name, componentOf(config, site, name))),
    stores,
    verify: tier?.verify ?? 'quick',
    warnings: config.encryption ? [] : ['encryption is off: whoever can read the store can read the backup'],
  };
}

type Wanted = BackupScope & Pick<BackupJob, 'type' | 'chain' | 'marked'>;

/** The job under an id of its own. A dry run writes nothing: no repository is made for it, and no id claimed. */
export async function claimJob(
  context: SiteContext,
  { stores, ...wanted }: Wanted,
  dryRun: boolean | undefined,
): Promise<BackupJob> {
  const { config, site } = context;
  const [store = '', ...copies] = stores;
  const { workflowExecution, scheduledTimestampMs } = activityInfo();
  const owner = `${workflowExecution?.workflowId}/${workflowExecution?.runId}`;
  if (!dryRun) {
    const repository = await context.repository({ create: true });
    for (const name of stores) repository.copy(name); // each must be reached now, and not only when its turn comes
  }
  const locks = await lockWishes(context, wanted.tier, stores);
  const partial = {
    ...wanted,
    ...(locks && { locks }),
    system: config.system,
    site,
    store,
    copies,
    jobs: config.parallelJobs,
  };
  const { type } = wanted;
  // An id names a second: the next free one is taken; a retry of this very run finds its own.
  for (let second = 0; ; second++) {
    const at = new Date(Math.floor(scheduledTimestampMs / 1000) * 1000 + second * 1000);
    const id = backupId({ system: config.system, site: siteInId(config, site), type, at });
    const job: BackupJob = { ...partial, backupId: id, startedAt: at.toISOString() };
    if (dryRun) return job;
    if (await claimId(context, job, owner)) return await heldJob(context, job);
  }
}

async function heldJob(context: SiteContext, job: BackupJob): Promise<BackupJob> {
  const repository = await context.repository({ create: true });
  const copies = [job.store, ...job.copies].map((name) => repository.copy(name));
  await holdOwn(copies, job.backupId);
  const databases = job.components.filter(({ kind }) => kind === 'postgres').map(({ name }) => name);
  await holdComingWal(context, copies, databases);
  return job;
}

export function jobComponent(name: string, component: ComponentConfig): JobComponent {
  if (component.kind !== 'postgres') return { name, kind: component.kind };
  const streamed = component.method === 'stream' ? { method: 'stream' as const } : {};
  const pushes = component.wal.source === 'command' ? { wal: 'command' as const } : {};
  return { name, kind: component.kind, ...streamed, ...pushes };
}

/** What the backup is to build upon. Where there is nothing to build upon, a full one is made, and that is said. */
async function basisOf(
  context: SiteContext,
  type: BackupType,
  wish: Omit<ParentWish, 'type'>,
  warnings: string[],
): Promise<{ type: BackupType; chain?: ChainLink[] }> {
  if (type === 'full') return { type };
  const { chain, ...none } = await chooseParent(context, { ...wish, type });
  if (chain !== undefined) return { type, chain };
  warnings.push(
    `a full backup instead of ${type === 'incremental' ? 'an' : 'a'} ${type} one: ${'reason' in none ? none.reason : ''}`,
  );
  return { type: 'full' };
}

function tierOf({ config }: SiteContext, name: string) {
  const tier = config.tiers[name];
  if (tier) return tier;
  throw new HoldfastError('usage', `there is no tier "${name}" in the configuration`, {
    hints: [`known: ${Object.keys(config.tiers).join(', ') || 'none'}`],
  });
}

/** Refuses now what would fail after an hour. */
export async function checkHealth(
  context: SiteContext,
  job: Pick<BackupJob, 'system' | 'components' | 'marked'>,
): Promise<void> {
  for (const { name, kind } of [...job.components, ...(job.marked ?? [])]) {
    if (kind === 'files') sourceDirs(filesOf(context.config, context.site, name).paths);
    if (kind !== 'postgres') continue;
    const component = postgresOf(context.config, context.site, name);
    const connection = await connectionOf(component);
    const slot = slotName(job.system, context.site, name);
    const { source } = component.wal;
    const { findings } =
      component.method === 'stream'
        ? await checkStreamed(connection, { slot, source })
        : await checkPostgres(connection, dataDirOf(context.config, context.site, name), { slot, source });
    const worst = findings.find(({ level }) => level === 'error');
    if (worst) {
      const code = isErrorCode(worst.code) ? worst.code : 'postgres_misconfigured';
      throw new HoldfastError(code, `${name}: ${worst.what}`, { hints: worst.hint === undefined ? [] : [worst.hint] });
    }
  }
}

/** The catalog knows of it from now on, as `creating`; its data key exists before its first pack. */
export async function announceBackup(context: SiteContext, job: BackupJob): Promise<void> {
  const repository = await context.repository({ create: true });
  const copy = repository.copy(job.store);
  await createDataKey(await provisionally(context, copy, job.tier), job.backupId);
  const storedAt = (await copy.store.clock()).toISOString();
  await putHead(copy, { ...headOf(job, copy.store.location, 'creating'), storedAt });
}

export function headOf(job: BackupJob, location: string, status: BackupHead['status']): BackupHead {
  const { system, site, tier, type, startedAt } = job;
  return {
    ...{ id: job.backupId, system, site, tier, type, status, startedAt },
    components: {},
    bytes: 0,
    storedBytes: 0,
    stores: [],
    location,
    ...(job.chain && { chain: job.chain.map(({ backupId }) => backupId) }),
    ...(job.marked && { marks: {} }),
  };
}
