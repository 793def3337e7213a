/**
 * What was pinned or put on hold and is told as expired: whoever expired it, or pinned it, was killed before his second write. It is kept in any case; now it
 * is offered too.
 */
import type { StoreView } from '../../domain/retention/types';
import type { RepositoryCopy } from '../copy';
import { offerAgain } from '../offer-again';
import { isSpared } from '../pins';

/** @param site whose backups these are. @returns ids of those that are offered again */
export async function offerSpared(
  copy: RepositoryCopy,
  { spared, heads }: Pick<StoreView, 'spared' | 'heads'>,
  { site, holder, signal }: { site: string; holder: string; signal?: AbortSignal },
): Promise<string[]> {
  const named = new Set(spared.map(({ backupId }) => backupId));
  const offered: string[] = [];
  for (const { id, status, site: own } of heads) {
    if (own !== site || status !== 'expired' || !named.has(id)) continue;
    signal?.throwIfAborted();
    if (await offerAgain(copy, { backupId: id, holder }, () => isSpared(copy, id))) offered.push(id);
  }
  return offered;
}
