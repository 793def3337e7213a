/**
 * Offering again what had expired and is still whole: the copy that took its place is lost, or somebody wants it kept. Under a lease, as a pin: whoever is
 * about to remove it gives way, or was before us, and then nothing is said.
 */
import type { BackupHead } from '../domain/backup';
import { isHoldfastError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import { getHead, putHead } from './heads';
import { releaseLease, takeLease } from './leases';

/** As long as this takes, and many times over. */
const leaseMs = 3_600_000;

/** @param may asked of the expired one, while the lease stands. @returns whether it is offered again by that */
export async function offerAgain(
  copy: RepositoryCopy,
  { backupId, holder }: { backupId: string; holder: string },
  may: (head: BackupHead) => boolean | Promise<boolean>,
): Promise<boolean> {
  try {
    await takeLease(copy, { backupId, kind: 'copy', holder, ms: leaseMs });
    const head = await getHead(copy, backupId);
    if (head.status !== 'expired' || !(await may(head))) return false;
    const { expiredAt: _, moved: __, ...rest } = head;
    await putHead(copy, { ...rest, status: 'completed' });
    return true;
  } catch (error) {
    if (isHoldfastError(error) && ['backup_unusable', 'backup_not_found'].includes(error.code)) return false;
    throw error;
  } finally {
    await releaseLease(copy, backupId, holder);
  }
}
