/** What is known to be wrong counts for no promise: a damaged backup is no reason to let go of the last that is right. */
import type { BackupHead } from '../backup';
import { isFailing } from '../verification/proven';

/** @param heads of one store @returns whether nothing is known to be wrong with one, nor with what it builds upon */
export function soundIn(heads: BackupHead[]): (head: BackupHead) => boolean {
  const wrong = new Set(heads.filter(({ proofs }) => isFailing(proofs)).map(({ id }) => id));
  return ({ id, chain = [] }) => ![id, ...chain].some((one) => wrong.has(one));
}
