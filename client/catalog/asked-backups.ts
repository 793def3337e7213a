/**
 * The filters of `list`, read and checked: a name that neither the configuration nor any backup knows is refused, and not an empty answer. Backups of
 * a site or tier that is configured no more are there all the same.
 */
import type { BackupHead } from '../../domain/backup';
import type { BackupFilter } from '../../domain/catalog/filter';
import { siteNames } from '../../domain/config/names';
import { nearestName } from '../../domain/config/nearest';
import type { Config } from '../../domain/config/types';
import { durationExample, parseDuration } from '../../domain/config/units';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { formatInstant, parseInstant } from '../../domain/instant';

/** As they are typed: times not read yet, one site or all. */
export interface FilterOptions extends Omit<BackupFilter, 'sites'> {
  site?: string;
}

/** @throws HoldfastError `usage`, `target_invalid` */
export function askedBackups(config: Config, options: FilterOptions, now: Date): BackupFilter {
  const { site, since, until, tier, component, store, type, status, id } = options;
  if (store !== undefined) checkName('store', store, Object.keys(config.stores));
  const sites = site === undefined || site === 'all' ? undefined : [site];
  const filter: BackupFilter = { sites, tier, component, store, type, status, id };
  if (since !== undefined) filter.since = moment('--since', since, now);
  if (until !== undefined) filter.until = moment('--until', until, now);
  if (filter.since === undefined || filter.until === undefined || filter.since <= filter.until) return filter;
  throw new HoldfastError('usage', '--since is later than --until', {
    where: `${filter.since} to ${filter.until}`,
    hints: ['exchange them'],
  });
}

/** @throws HoldfastError `usage` where a name is known nowhere */
export function refuseUnknown(config: Config, { sites = [], tier, component }: BackupFilter, told: BackupHead[]): void {
  const check = (what: string, name: string | undefined, configured: string[], of: (head: BackupHead) => string[]) => {
    if (name !== undefined)
      checkName(what, name, [...new Set([...configured, ...told.flatMap(of)])], ' or in any backup');
  };
  for (const site of sites) check('site', site, siteNames(config), (head) => [head.site]);
  check('tier', tier, Object.keys(config.tiers), (head) => (head.tier === undefined ? [] : [head.tier]));
  const components = Object.values(config.sites).flatMap((site) => Object.keys(site.components));
  check('component', component, components, (head) => Object.keys(head.components));
}

/** A time with its zone, or how long ago. */
function moment(option: string, text: string, now: Date): string {
  const ago = parseDuration(text);
  if (ago !== undefined) return formatInstant(BigInt(now.getTime() - ago) * 1000n);
  try {
    return formatInstant(parseInstant(text));
  } catch (error) {
    if (!isHoldfastError(error)) throw error;
    throw new HoldfastError(error.code, `${option}: ${error.message}`, {
      where: text,
      hints: [...error.hints, `or how long ago: ${durationExample}`],
    });
  }
}

function checkName(what: string, name: string, known: string[], orElsewhere = ''): void {
  if (known.includes(name)) return;
  const nearest = nearestName(name, known);
  throw new HoldfastError('usage', `there is no ${what} "${name}" in the configuration${orElsewhere}`, {
    hints: [nearest === undefined ? `known: ${known.join(', ') || 'none'}` : `did you mean "${nearest}"?`],
  });
}
