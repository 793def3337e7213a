/** What each store has of a site's backups, and what it should have. */
import type { Config } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { type CopyLag, copyLags } from '../../domain/replication/lag';
import { type Holding, lackingCopies } from '../../domain/replication/wanted';
import { backupOfHead, listHeads } from '../../repository/heads';
import type { Repository } from '../../repository/repository';
import { table } from '../output/table';
import type { LedgerSays } from './ledger-problems';

/** Of the stores that can be reached. */
export async function holdingsOf(repository: Repository | undefined): Promise<Holding[]> {
  const holdings: Holding[] = [];
  for (const copy of repository?.copies ?? []) {
    const { heads, damaged } = await listHeads(copy);
    holdings.push({ store: copy.store.name, heads, unreadable: new Set(damaged.map(({ key }) => backupOfHead(key))) });
  }
  return holdings;
}

/** One for each site and each store that its tiers want copies in. */
export function lagsOf(config: Config, sites: string[], holdings: Holding[], now: number): CopyLag[] {
  const wanted = wantedStores(config);
  return sites.flatMap((site) => copyLags(site, lackingCopies(config, site, holdings), wanted, now));
}

export function lagsSay(lags: CopyLag[]): LedgerSays {
  const late = lags.filter((one) => one.late);
  return {
    problems: late.map(
      ({ site, store, missing, oldest, ageSeconds, withinSeconds }) =>
        `${missing} ${missing === 1 ? 'backup' : 'backups'} of ${site} ${missing === 1 ? 'has' : 'have'} no copy in ${store}: ${oldest} for ${shown(ageSeconds)}, promised within ${shown(withinSeconds)}`,
    ),
    warnings: [],
  };
}

export function lagTable(lags: CopyLag[]): string[] {
  if (lags.length === 0) return [];
  const rows = lags.map(({ site, store, missing, oldest, ageSeconds, withinSeconds }) => [
    ...[site, store, String(missing), oldest ?? ''],
    ...[missing === 0 ? '' : shown(ageSeconds), shown(withinSeconds)],
  ]);
  const numbers = ['MISSING', 'FOR', 'PROMISED'];
  return ['', table(['SITE', 'COPIES IN', 'MISSING', 'OLDEST', 'FOR', 'PROMISED'], rows, numbers)];
}

function shown(seconds: number): string {
  return formatDuration(Math.round(seconds) * 1000);
}

/** The strictest promise of each. */
function wantedStores({ tiers }: Config): { store: string; within: number }[] {
  const within = new Map<string, number>();
  for (const { copies } of Object.values(tiers)) {
    for (const store of copies?.to ?? [])
      within.set(store, Math.min(within.get(store) ?? Number.POSITIVE_INFINITY, copies?.within ?? 0));
  }
  return [...within].map(([store, promised]) => ({ store, within: promised }));
}
