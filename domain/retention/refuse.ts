/** Signs that what is seen is not what is there: then nothing is decided, and nothing goes. */
import type { BackupHead } from '../backup';
import { formatDuration } from '../config/units';
import { HoldfastError } from '../errors';
import { isPoint } from '../recovery-points';
import type { StoreView } from './types';

/** How far clocks may be apart, milliseconds. */
export const clockTolerance = 5 * 60_000;

/** @param host this machine's clock, milliseconds @throws HoldfastError `clocks_disagree` */
export function refuseClocks(views: Pick<StoreView, 'store' | 'now'>[], host: number): void {
  const clocks = [{ store: 'this machine', now: host }, ...views].sort((a, b) => a.now - b.now);
  const [slowest, fastest] = [clocks[0], clocks.at(-1)];
  if (!slowest || !fastest || fastest.now - slowest.now <= clockTolerance) return;
  const apart = formatDuration(fastest.now - slowest.now);
  throw new HoldfastError('clocks_disagree', `the clocks of ${fastest.store} and ${slowest.store} are ${apart} apart`, {
    hints: [
      `nothing was touched: ages cannot be told; more than ${formatDuration(clockTolerance)} is refused`,
      'set the clocks right (NTP)',
    ],
  });
}

/**
 * @param remembered ids of backups that were to stay when retention looked for the last time, by store
 * @throws HoldfastError `catalog_damaged`, `listing_incomplete`
 */
export function refuseListing(
  views: StoreView[],
  site: string,
  remembered: Map<string, string[]>,
  share: number,
): void {
  for (const view of views) {
    const { store, heads, damaged, holdsBackups } = view;
    if (damaged[0] !== undefined) {
      throw new HoldfastError('catalog_damaged', `${damaged.length} entries of the catalog in ${store} are damaged`, {
        where: `${store}:${damaged[0]}`,
        hints: [
          'what they build upon cannot be told: nothing was touched',
          'holdfast catalog rebuild makes them again',
        ],
      });
    }
    if (heads.length === 0 && holdsBackups) throw incomplete(store, 'lists no backup at all, and holds some');
    const listed = new Set(heads.map(({ id }) => id));
    const known = new Set(remembered.get(store) ?? knownElsewhere(store, views, site));
    const missing = [...known].filter((id) => !listed.has(id));
    if (missing.length > 0 && (listed.size === 0 || missing.length / known.size > share))
      throw incomplete(store, `lists ${missing.length} fewer backups than it should, of ${known.size}`, missing[0]);
  }
  if (views.every(({ heads }) => heads.length === 0)) throw incomplete(views[0]?.store ?? '', 'lists no backup at all');
}

/** Before retention ever looked: by the heads in other stores that name this one. */
function knownElsewhere(store: string, views: StoreView[], site: string): string[] {
  const others = views.filter((view) => view.store !== store).flatMap(({ heads }) => heads);
  return others
    .filter((head) => head.site === site && isLasting(head) && head.stores.includes(store) && isSettled(head, views))
    .map(({ id }) => id);
}

/** Stores are not looked at in one instant: what was published just now is not missing elsewhere. */
function isSettled({ storedAt, endedAt = '' }: BackupHead, views: StoreView[]): boolean {
  return Date.parse(storedAt ?? endedAt) + clockTolerance < Math.min(...views.map(({ now }) => now));
}

/** What is to be there the next time too. Recovery points come and go by the minute. */
export function isLasting(head: Pick<BackupHead, 'status' | 'marks'>): boolean {
  return head.status === 'completed' && !isPoint(head);
}

function incomplete(store: string, what: string, first?: string): HoldfastError {
  return new HoldfastError('listing_incomplete', `${store} ${what}`, {
    where: first === undefined ? store : `${store}: ${first}`,
    hints: [
      'nothing was touched: what is not seen may need what would go',
      'where the catalog was lost: holdfast catalog rebuild; where backups were taken away by hand: raise retention.listingShare for one run',
    ],
  });
}
