/** The backup that somebody may have meant: what is suggested can be had. */
import { nearestName } from '../../domain/config/nearest';
import { isHoldfastError } from '../../domain/errors';
import { knownIds } from '../../repository/catalog/known-ids';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';

/** So many near names are looked at: one that expired is no help. */
const tries = 3;

/** Undefined: none is near, or no store could tell. */
export async function nearBackup(copies: readonly RepositoryCopy[], named: string): Promise<string | undefined> {
  const known = await Promise.all(copies.map((copy) => knownIds(copy).catch(() => new Set<string>())));
  const ids = new Set(known.flatMap((some) => [...some]));
  for (let left = tries; left > 0; left--) {
    const near = nearest(named, ids);
    if (near === undefined) return undefined;
    if (await isOffered(copies, near)) return near;
    ids.delete(near);
  }
  return undefined;
}

/** A beginning that only one has is meant for it. */
function nearest(named: string, ids: Set<string>): string | undefined {
  const begun = [...ids].filter((id) => id.startsWith(named));
  return begun.length === 1 ? begun[0] : nearestName(named, ids);
}

async function isOffered(copies: readonly RepositoryCopy[], id: string): Promise<boolean> {
  for (const copy of copies) {
    try {
      if ((await getHead(copy, id)).status === 'completed') return true;
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
    }
  }
  return false;
}
