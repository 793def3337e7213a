/** The filters of `list`, read and checked: a name that the configuration does not know is refused, and not an empty answer. */
import type { BackupFilter } from '../../domain/catalog/filter';
import { siteOf } from '../../domain/config/names';
import { nearestName } from '../../domain/config/nearest';
import type { Config } from '../../domain/config/types';
import { durationExample, parseDuration } from '../../domain/config/units';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { formatInstant, parseInstant } from '../../domain/instant';
import { askedSites, checkTier } from '../sites';

/** As they are typed: times not read yet, one site or all. */
export interface FilterOptions extends Omit<BackupFilter, 'sites'> {
  site?: string;
}

/** @throws HoldfastError `usage`, `target_invalid` */
export function askedBackups(config: Config, options: FilterOptions, now: Date): BackupFilter {
  const { site, tier, since, until, component, store, ...plain } = options;
  const sites = askedSites(config, site);
  if (tier !== undefined) checkTier(config, tier);
  if (store !== undefined) checkName('store', store, Object.keys(config.stores));
  const components = sites.flatMap((one) => Object.keys(siteOf(config, one).components));
  if (component !== undefined) checkName('component', component, [...new Set(components)]);
  const filter: BackupFilter = { sites, tier, component, store, type: plain.type, status: plain.status, id: plain.id };
  if (since !== undefined) filter.since = moment('--since', since, now);
  if (until !== undefined) filter.until = moment('--until', until, now);
  if (filter.since === undefined || filter.until === undefined || filter.since <= filter.until) return filter;
  throw new HoldfastError('usage', '--since is later than --until', {
    where: `${filter.since} to ${filter.until}`,
    hints: ['exchange them'],
  });
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

function checkName(what: string, name: string, known: string[]): void {
  if (known.includes(name)) return;
  const nearest = nearestName(name, known);
  throw new HoldfastError('usage', `there is no ${what} "${name}" in the configuration`, {
    hints: [nearest === undefined ? `known: ${known.join(', ')}` : `did you mean "${nearest}"?`],
  });
}
