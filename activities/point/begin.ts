/**
 * Recovery points across the components of a site, between its backups: databases are marked in their WAL, of files what changed is stored.
 * Guaranteed: a completed point can be restored as one, since the WAL up to every mark was stored and a backup from before each mark is
 * there. Not guaranteed: that files and databases are of the very same instant; how far they lie apart is recorded.
 */
import type { BackupType, ChainLink } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import type { PointRequest } from '../../domain/requests';
import { claimJob, scopeOf } from '../backup/begin';
import { chooseParent, type ParentWish } from '../backup/parent';
import type { SiteContext } from '../context';
import type { BackupJob } from '../contracts';
import { completedHeads } from '../restore/choose';

export async function beginPoint(context: SiteContext, request: PointRequest): Promise<BackupJob> {
  const scope = scopeOf(context, request);
  const components = scope.components.filter(({ kind }) => kind !== 'postgres');
  const marked = scope.components.filter(({ kind }) => kind === 'postgres');
  await assertBackedUp(
    context,
    marked.map(({ name }) => name),
  );
  const basis = await basisOf(context, { components, stores: scope.stores, hold: request.dryRun !== true });
  return await claimJob(context, { ...scope, ...basis, components, marked }, request.dryRun);
}

/** A mark in the WAL is worth something only where replay can begin. */
async function assertBackedUp(context: SiteContext, databases: string[]): Promise<void> {
  if (databases.length === 0) return;
  const heads = await completedHeads(context);
  const missing = databases.find((name) => !heads.some(({ head }) => head.components[name] !== undefined));
  if (missing === undefined) return;
  throw new HoldfastError(
    'backup_not_found',
    `there is no backup of ${missing} yet that a recovery point could build upon`,
    {
      hints: [`make one: holdfast backup --site ${context.site}`],
    },
  );
}

/** What changed since the point before; when that chain is as long as it may be, since the newest full backup. */
async function basisOf(
  context: SiteContext,
  wish: Omit<ParentWish, 'type'>,
): Promise<{ type: BackupType; chain?: ChainLink[] }> {
  if (wish.components.length === 0) return { type: 'full' };
  for (const type of ['incremental', 'differential'] as const) {
    const { chain } = await chooseParent(context, { ...wish, type });
    if (chain !== undefined) return { type, chain };
  }
  return { type: 'full' };
}
