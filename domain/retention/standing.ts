/** Who stands for a backup besides the rules: people by pins and holds, procedures by leases, the store by its locks. */
import type { BackupHead } from '../backup';
import type { Reason, StoreView } from './types';

export function standsFor({ id, lock }: BackupHead, { spared, leases, now }: StoreView): Reason[] {
  return [
    ...spared.filter((one) => one.backupId === id).map(({ kind, by }): Reason => ({ kind, by })),
    ...leases
      .filter((one) => one.backupId === id)
      .map(({ holder, until }): Reason => ({ kind: 'lease', by: holder, until })),
    ...(lock && Date.parse(lock.until) > now ? [{ kind: 'lock', until: lock.until } as const] : []),
  ];
}
