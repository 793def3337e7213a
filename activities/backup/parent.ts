/** Which backup a differential or incremental one builds upon, and what that chain holds. */

import type { BackupHead, BackupType, ChainLink, SealedManifest } from '../../domain/backup';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead, listHeads } from '../../repository/heads';
import { getSealedManifest } from '../../repository/sealed-manifest';
import type { SiteContext } from '../context';
import type { JobComponent } from '../contracts';
import { holdBackup } from '../leases/hold';

export interface ParentWish {
  type: BackupType;
  components: JobComponent[];
  /** Every store that the new backup goes to must hold all that it builds upon. */
  stores: string[];
  /** Whether it is leased in all of them: a dry run writes nothing. */
  hold: boolean;
}

/** Undefined with the reason when there is none: then a full backup is made. */
export async function chooseParent(
  context: SiteContext,
  { type, components, stores, hold }: ParentWish,
): Promise<{ chain: ChainLink[] } | { chain?: undefined; reason: string }> {
  // Of many sites none knows whether another one's backup has made the repository yet: whoever is about to write makes it.
  const repository = await context.repository({ create: hold }).catch(noneYet);
  if (repository === undefined) return { reason: 'there is no backup yet' };
  const copies = stores.map((name) => repository.copies.find(({ store }) => store.name === name));
  const first = copies[0];
  if (first === undefined || copies.includes(undefined)) return { reason: 'a store holds no backup yet' };
  let reason = 'there is no completed backup to build upon';
  for (const head of (await listHeads(first)).heads.toReversed()) {
    if (head.status !== 'completed' || head.site !== context.site) continue;
    if (type === 'differential' && head.type !== 'full') continue;
    if (!components.every(({ name, kind }) => head.components[name]?.kind === kind)) continue;
    if ((head.chain?.length ?? 0) + 1 >= context.config.maxChain) {
      reason = `the chain of ${head.id} is as long as maxChain allows (${context.config.maxChain})`;
      break;
    }
    const held = !hold || (await holdIn(copies as RepositoryCopy[], head));
    const chain = held ? await wholeChain(copies as RepositoryCopy[], head) : undefined;
    if (chain !== undefined) return { chain };
    reason = `${head.id} or what it builds upon is not whole in every store`;
  }
  return { reason };
}

/** A dry run makes none. */
function noneYet(error: unknown): undefined {
  if (!isHoldfastError(error) || error.code !== 'backup_not_found') throw error;
}

/** False when it is being removed somewhere, or is not there. */
async function holdIn(copies: RepositoryCopy[], head: BackupHead): Promise<boolean> {
  try {
    for (const copy of copies) await holdBackup(copy, head, 'backup');
    return true;
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'backup_unusable') return false;
    throw error;
  }
}

/** Undefined when a store lacks part of it. */
async function wholeChain(copies: RepositoryCopy[], head: BackupHead): Promise<ChainLink[] | undefined> {
  const ids = [...(head.chain ?? []), head.id];
  const links: ChainLink[] = [];
  for (const copy of copies) {
    for (const [at, id] of ids.entries()) {
      const found = await getHead(copy, id).catch((error: unknown) => {
        // Away for a moment is not lacking: a full backup would be made of it.
        if (isHoldfastError(error) && error.retryable) throw error;
        return undefined;
      });
      const manifestSha256 = found?.manifestSha256;
      // What a newer backup builds upon is kept for it, offered or not.
      const usable = found?.status === 'completed' || (found?.status === 'expired' && id !== head.id);
      if (!usable || manifestSha256 === undefined) return undefined;
      if (links[at] !== undefined && links[at].manifestSha256 !== manifestSha256) return undefined;
      links[at] = { backupId: id, manifestSha256 };
    }
  }
  return links;
}

/**
 * The manifests of what a backup builds upon, the full one first.
 * @throws HoldfastError `chain_broken` when one is not there, not whole, or another than it was
 */
export async function chainManifests(copy: RepositoryCopy, chain: ChainLink[] = []): Promise<SealedManifest[]> {
  const manifests: SealedManifest[] = [];
  for (const { backupId, manifestSha256 } of chain) {
    manifests.push(
      await getSealedManifest(copy, { id: backupId, manifestSha256 }).catch((cause: unknown) => {
        // A store that is away for a moment has broken nothing: the step is tried again.
        if (isHoldfastError(cause) && cause.retryable) throw cause;
        throw broken(copy, backupId, cause);
      }),
    );
  }
  return manifests;
}

function broken(copy: RepositoryCopy, backupId: string, cause: unknown): HoldfastError {
  return new HoldfastError('chain_broken', `${backupId}, which the backup builds upon, cannot be used`, {
    where: copy.store.name,
    hints: [
      cause instanceof Error ? cause.message : String(cause),
      'restore from another store, or a backup that does not build upon it; make a full backup',
    ],
    cause,
  });
}
