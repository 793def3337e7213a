/**
 * Reading from another copy what one does not have as it was written. Guaranteed: whatever comes back passed the same checks as if it came from the first copy, and what
 * was passed over is told. Not guaranteed: anything where no copy has it; then the first copy's error comes out.
 */
import { isHoldfastError } from '../domain/errors';
import type { RepositoryCopy } from './copy';

/** Of damage, absence, and stores that do not answer: another copy may be better. */
const tellsOfCopy = new Set([
  ...['checksum_mismatch', 'object_not_found', 'invalid_backup', 'backup_unusable', 'key_wrong', 'repository_format'],
  ...['backup_not_found', 'catalog_damaged', 'chain_broken'],
  ...['store_unavailable', 'store_denied', 'store_lost_write'],
]);

export function mayBeElsewhere(error: unknown): boolean {
  return isHoldfastError(error) && tellsOfCopy.has(error.code);
}

/** The first copy's answer, or that of the next one that has a right one. */
export async function fromAnyCopy<T>(
  copy: RepositoryCopy,
  work: (copy: RepositoryCopy) => Promise<T>,
  passedOver?: (copy: RepositoryCopy, error: Error, taken: RepositoryCopy) => void,
): Promise<T> {
  const failed: { copy: RepositoryCopy; error: Error }[] = [];
  for (const one of [copy, ...(copy.others ?? [])]) {
    try {
      // Alone: one level asks the others, and not each below it again.
      const value = await work({ ...one, others: [] });
      for (const { copy: first, error } of failed) passedOver?.(first, error, one);
      return value;
    } catch (error) {
      if (!mayBeElsewhere(error)) throw error;
      failed.push({ copy: one, error: error as Error });
    }
  }
  throw failed[0]?.error;
}
