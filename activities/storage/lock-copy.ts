/** A copy that was made after its backup is locked like one that was made with it: in each store as its tier, or its level, says. */
import type { BackupHead, SealedManifest } from '../../domain/backup';
import { lockWish } from '../../domain/locks';
import type { RepositoryCopy } from '../../repository/copy';
import type { SiteContext } from '../context';
import type { LockPart } from './contracts';
import { lockedParts, lockPublished, lockRest, lockRun, planLock } from './lock';

/**
 * Of a backup whose head is in the store, and of all that it builds upon. May run any number of times: a lock that lasts as long stays.
 * @param before of a copy that was there, and is looked at once more: it ends when it ends, however often that is done
 * @returns warnings: what could not be locked
 */
export async function lockCopy(
  context: SiteContext,
  copy: RepositoryCopy,
  manifest: SealedManifest,
  before: BackupHead['lock'],
): Promise<string[]> {
  const store = copy.store.name;
  const wish = lockWish(context.config, manifest.tier, store);
  if (wish === undefined) return [];
  if (before !== undefined && Date.parse(before.until) <= (await copy.store.clock()).getTime()) return [];
  const { site } = context;
  const { backupId, chain = [] } = manifest;
  const plan =
    before === undefined
      ? await planLock(context, { site, backupId, store, mode: wish.mode, for: wish.for })
      : { site, store, mode: wish.mode, until: before.until };
  const warnings: string[] = [];
  for (const id of [...chain.map((link) => link.backupId), backupId]) {
    const part: LockPart = { ...plan, backupId: id, own: id === backupId };
    for (const { name, runs } of (await lockedParts(context, part)).components) {
      for (let run = 0; run < runs; run++) {
        await lockRun(context, { ...plan, kind: 'lock', backupId: id, component: name, run });
      }
    }
    warnings.push(...(await lockRest(context, part)).warnings);
  }
  await lockPublished(copy, { ...plan, backupId, own: true });
  return warnings;
}
