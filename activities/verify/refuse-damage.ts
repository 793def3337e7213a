/** What damage is told as: of a backup that counts, and of one that is just being made. */
import { HoldfastError } from '../../domain/errors';
import type { Damage } from '../../repository/verify';

/** Said otherwise than of an old backup: it is the store that is to be looked at. */
export function refuseLoss(damaged: Damage[]): void {
  const lost = damaged.find(({ code }) => code === 'object_not_found' || code === 'checksum_mismatch');
  if (!lost) return;
  throw new HoldfastError('store_lost_write', `the store does not have what it had accepted: ${lost.message}`, {
    where: lost.object,
    hints: [
      'the backup is discarded; look into the logs of the store before the next one, and do not trust it till then',
    ],
  });
}

/** @param why the backup that is verified is another one */
export function refuseDamage(damaged: Damage[], why?: string): void {
  const first = damaged[0];
  if (!first) return;
  const more = damaged.length > 1 ? ` and ${damaged.length - 1} more objects` : '';
  const code = first.code === 'object_not_found' ? 'object_not_found' : 'checksum_mismatch';
  throw new HoldfastError(code, `${first.message}${filesOf(first)}${more}${why ? `; ${why}` : ''}`, {
    where: first.object,
    hints: ['the backup cannot be trusted: restore from another store or backup, and make a new one'],
  });
}

/** In quotes: what is written in the clear beside an encrypted backup leaves them out. */
function filesOf({ files }: Damage): string {
  if (!files || files.count === 0) return '';
  const more = files.count > files.some.length ? ` and ${files.count - files.some.length} more files` : '';
  return `: it holds ${files.some.map((one) => `"${one}"`).join(', ')}${more}`;
}
