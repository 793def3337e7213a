import { backupsTable } from '../../../client/output/backups';
import type { ListedBackup } from '../../../domain/catalog/filter';

const now = new Date('2026-01-10T00:00:00Z');

function backup(id: string, more: Partial<ListedBackup> = {}): ListedBackup {
  return {
    ...{ id, system: 'shop', site: 'dc01', type: 'full', status: 'completed', startedAt: '2026-01-02T00:00:00Z' },
    components: { files: { kind: 'files', runs: 1, packs: 1, files: 1, bytes: 1, storedBytes: 1, warnings: ['torn'] } },
    ...{ bytes: 2 ** 30, storedBytes: 2 ** 20, stores: ['hot'], location: '/hot', tier: 'daily', seconds: 61 },
    copies: [
      { store: 'hot', location: '/hot', status: 'completed', verifiedAt: '2026-01-08T00:00:00Z' },
      {
        store: 'far',
        location: '/far',
        status: 'completed',
        lock: { mode: 'compliance', until: '2027-01-01T00:00:00Z' },
      },
    ],
    ...more,
  };
}

const backups = [
  backup('shop_dc01_full_20260102_000000'),
  backup('shop_dc01_incremental_20260103_000000', { chain: ['shop_dc01_full_20260102_000000'] }),
];

test('as wide as it gets where nobody says how wide it may be', () => {
  const [title, first, second] = backupsTable(backups, now).split('\n');
  expect(title).toMatch(/^BACKUP +TIER +STATUS +STARTED \(UTC\) +TOOK +SIZE +STORED +COPIES$/);
  expect(first).toMatch(
    /^shop_dc01_full_20260102_000000 +daily +completed +2026-01-02 00:00:00 +1m 1s +1 B +1\.0 MiB +hot: /,
  );
  expect(first).toMatch(/hot: verified 2d ago, 1 warning$/);
  expect(second?.trim()).toBe('far: locked until 2027-01-01');
  expect(second?.indexOf('far')).toBe(title?.indexOf('COPIES'));
});

test('without what the id tells anyway on a terminal of a hundred columns', () => {
  const lines = backupsTable(backups, now, 100).split('\n');
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(lines[0]).toMatch(/^BACKUP +(TIER +)?STATUS +(SIZE +)?STORED +COPIES$/);
  expect(lines[3]).toMatch(/^└ shop_dc01_incremental_20260103_000000 .*completed .* 1\.0 MiB +hot: verified 2d ago/);
});
