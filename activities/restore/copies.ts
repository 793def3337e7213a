/**
 * In which store a backup is read. Guaranteed: one that is offered there; of several one that shows all that it builds upon, and one that can be read at
 * once before one that has to be thawed. Not guaranteed: that its packs are whole; those are taken from any copy that has them right.
 */
import type { BackupHead, SealedManifest } from '../../domain/backup';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { isFrozenCopy } from '../../domain/storage';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
import { isBeingRemoved } from '../../repository/leases';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { chainManifests } from '../backup/parent';
import type { SiteContext } from '../context';

export interface HeldBackup {
  copy: RepositoryCopy;
  manifest: SealedManifest;
}

/**
 * From the first store that has it; from an archive only where it can be read at once nowhere.
 * @throws HoldfastError `backup_not_found`, `backup_unusable`
 */
export async function namedBackup(context: SiteContext, id: string): Promise<HeldBackup> {
  const { copies, unavailable } = await context.repository();
  let failure: unknown = unavailable[0]?.error;
  let frozen: HeldBackup | undefined;
  for (const copy of copies) {
    try {
      const head = await offeredHead(copy, id);
      const held = { copy, manifest: await getSealedManifest(copy, head) };
      if (!isFrozen(context, copy, head)) return held;
      frozen ??= held;
    } catch (error) {
      // That a store never had it says less than what is wrong with it elsewhere.
      if (failure === undefined || !isNotFound(error)) failure = error;
    }
  }
  if (frozen !== undefined) return frozen;
  throw failure;
}

/** The same backup where its chain is whole, and can be read at once; where it is nowhere, as it was chosen: whoever reads the chain tells what is wrong. */
export async function wholeCopy(context: SiteContext, chosen: HeldBackup): Promise<HeldBackup> {
  const { backupId, chain = [] } = chosen.manifest;
  if (chain.length === 0) return chosen;
  const first = chosen.copy.store.name;
  const others = (await context.repository()).copies.filter(({ store }) => store.name !== first);
  let frozen: HeldBackup | undefined;
  for (const copy of [chosen.copy, ...others]) {
    try {
      const head = await offeredHead(copy, backupId);
      const held = copy === chosen.copy ? chosen : { copy, manifest: await getSealedManifest(copy, head) };
      await chainManifests(copy, held.manifest.chain);
      const heads = await Promise.all(chain.map((link) => getHead(copy, link.backupId)));
      if (![head, ...heads].some((one) => isFrozen(context, copy, one))) return held;
      frozen ??= held;
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
    }
  }
  return frozen ?? chosen;
}

/** @throws HoldfastError `backup_unusable` of one that is not completed, or going */
async function offeredHead(copy: RepositoryCopy, id: string): Promise<BackupHead> {
  const head = await getHead(copy, id);
  const state = head.status !== 'completed' ? head.status : (await isBeingRemoved(copy, id)) ? 'being removed' : '';
  if (state === '') return head;
  throw new HoldfastError('backup_unusable', `${id} is ${state}`, {
    hints: ['choose a completed one: holdfast list'],
  });
}

function isFrozen({ config }: SiteContext, { store }: RepositoryCopy, head: BackupHead): boolean {
  return isFrozenCopy(config.stores[store.name], head);
}

function isNotFound(error: unknown): boolean {
  return isHoldfastError(error) && error.code === 'backup_not_found';
}
