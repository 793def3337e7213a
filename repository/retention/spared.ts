import type { Spared } from '../../domain/retention/types';
import type { RepositoryCopy } from '../copy';
import { listHolds, listPins } from '../pins';

/** What people want kept in this store. */
export async function sparedBackups(copy: RepositoryCopy): Promise<Spared[]> {
  const [pins, holds] = [await listPins(copy), await listHolds(copy)];
  return [
    ...pins.map(({ backupId, by }): Spared => ({ backupId, kind: 'pin', by })),
    ...holds.map(({ backupId, by }): Spared => ({ backupId, kind: 'hold', by })),
  ];
}
