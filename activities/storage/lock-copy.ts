/** A copy that was made after its backup is locked like one that was made with it: in each store as its tier, or its level, says. */
import type { SealedManifest } from '../../domain/backup';
import { lockWish } from '../../domain/locks';
import type { RepositoryCopy } from '../../repository/copy';
import type { SiteContext } from '../context';
import type { LockPart } from './contracts';
import { lockedParts, lockRest, lockRun, planLock } from './lock';

/** Of a backup whose head is in the store, and of all that it builds upon. May run any number of times: a lock that lasts as long stays. */
export async function lockCopy(context: SiteContext, copy: RepositoryCopy, manifest: SealedManifest): Promise<void> {
  const store = copy.store.name;
  const wish = lockWish(context.config, manifest.tier, store);
  if (wish === undefined) return;
  const { site } = context;
  const { backupId, chain = [] } = manifest;
  const plan = await planLock(context, { site, backupId, store, mode: wish.mode, for: wish.for });
  for (const id of [...chain.map((link) => link.backupId), backupId]) {
    const part: LockPart = { ...plan, backupId: id, own: id === backupId };
    for (const { name, runs } of (await lockedParts(context, part)).components) {
      for (let run = 0; run < runs; run++) {
        await lockRun(context, { ...plan, kind: 'lock', backupId: id, component: name, run });
      }
    }
    await lockRest(context, part);
  }
  await lockRest(context, { ...plan, backupId, own: false }); // its head is there already
}
