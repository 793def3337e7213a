/** Each tier of each site, as `status` shows it: its newest backup, how old that is, and how old it may be. */
import type { BackupHead } from '../../domain/backup';
import { retentionDaysOf } from '../../domain/config/retention-days';
import type { Config } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { periodOf } from '../../domain/schedule/pace';
import { timingOf } from '../../domain/schedule/plan';
import { table } from './table';

export interface TierStatus {
  site: string;
  /** Null: backups without a tier. */
  tier: string | null;
  lastBackup?: { id: string; endedAt?: string; bytes: number; storedBytes: number };
  currentBackup?: string;
  kept: number;
  /** Of these: no rule keeps them any more in the store that says so, and they may not be deleted. */
  archived?: number;
  retentionDays: number;
  /** Since the newest completed one began: what would be lost of a tier that nothing else covers. */
  lagSeconds?: number;
  /** How often there is to be one: the period of its schedule. */
  promisedSeconds?: number;
}

export function tiersOf(config: Config, site: string, heads: BackupHead[], now: number): TierStatus[] {
  const own = heads.filter((head) => head.site === site);
  const loose = own.some((head) => head.tier === undefined) || Object.keys(config.tiers).length === 0;
  // What was made for a tier that is configured no more is there, and takes its room.
  const gone = own.flatMap(({ tier }) => (tier === undefined || Object.hasOwn(config.tiers, tier) ? [] : [tier]));
  const names = [...Object.keys(config.tiers), ...new Set(gone), ...(loose ? [undefined] : [])];
  return names.map((tier) => {
    const mine = own.filter((head) => head.tier === tier);
    const kept = mine.filter((head) => head.status === 'completed');
    const archived = kept.filter((head) => head.archived !== undefined).length;
    const last = kept.at(-1);
    const current = mine.findLast((head) => head.status === 'creating')?.id;
    const timing = timingOf(config, tier === undefined ? undefined : config.tiers[tier]);
    return {
      site,
      tier: tier ?? null,
      ...(last && {
        lastBackup: { id: last.id, endedAt: last.endedAt, bytes: last.bytes, storedBytes: last.storedBytes },
        lagSeconds: Math.max(0, (now - Date.parse(last.startedAt)) / 1000),
      }),
      ...(current && { currentBackup: current }),
      kept: kept.length,
      ...(archived > 0 && { archived }),
      retentionDays: retentionDaysOf(config, tier),
      ...(timing && { promisedSeconds: periodOf(timing) / 1000 }),
    };
  });
}

export function tiersTable(tiers: TierStatus[]): string[] {
  const rows = tiers.map((one) => [
    ...[one.site, one.tier ?? '-', one.lastBackup?.id ?? 'none'],
    ...[shown(one.lagSeconds), shown(one.promisedSeconds)],
    ...[one.currentBackup ?? '', keptOf(one)],
  ]);
  const head = ['SITE', 'TIER', 'LAST BACKUP', 'AGE', 'PROMISED', 'RUNNING', 'KEPT'];
  return ['', table(head, rows, ['AGE', 'PROMISED', 'KEPT'])];
}

function keptOf({ kept, archived }: TierStatus): string {
  return archived === undefined ? String(kept) : `${kept} (${archived} archived)`;
}

function shown(seconds: number | undefined): string {
  return seconds === undefined ? '' : formatDuration(seconds * 1000);
}
