import type { BackupHead } from '../../../domain/backup';
import type { RepositoryCopy } from '../../../repository/copy';

/** Of a backup that nobody made: the catalog alone is what is looked at. */
export function syntheticHead(copy: RepositoryCopy, number: number, more: Partial<BackupHead> = {}): BackupHead {
  const at = new Date(Date.parse('2026-01-01T00:00:00Z') + number * 3600_000).toISOString();
  return {
    id: `shop_full_${at.slice(0, 19).replace(/[-:]/g, '').replace('T', '_')}`,
    ...{ system: 'shop', site: 'dc01', type: 'full', status: 'completed', startedAt: at },
    ...{ components: {}, bytes: 1, storedBytes: 1, stores: [copy.store.name], location: copy.store.location },
    ...more,
  };
}
