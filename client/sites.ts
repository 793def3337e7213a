/** Which sites a command means. */
import { onlySite, siteNames, siteOf } from '../domain/config/names';
import { nearestName } from '../domain/config/nearest';
import type { Config } from '../domain/config/types';
import { HoldfastError } from '../domain/errors';

/** `all`, one by its name, or the only one. @throws HoldfastError `usage` */
export function chosenSites(config: Config, site: string | undefined): string[] {
  if (site === 'all') return siteNames(config);
  return [chosenSite(config, site)];
}

/** @throws HoldfastError `usage` */
export function chosenSite(config: Config, site: string | undefined): string {
  if (site === undefined) return onlySite(config);
  siteOf(config, site);
  return site;
}

/** The sites a question is about: all, unless one is named. */
export function askedSites(config: Config, site: string | undefined): string[] {
  return chosenSites(config, site ?? 'all');
}

/** The site of a backup: its id tells it where there are several, also among all of them. @throws HoldfastError `usage` */
export function sitesOfBackup(config: Config, site: string | undefined, backup: string): string[] {
  if (backup === 'latest' || (site !== undefined && site !== 'all')) return chosenSites(config, site);
  const named = siteNames(config).filter((one) => backup.startsWith(`${config.system}_${one}_`));
  return named.length === 1 ? named : chosenSites(config, site);
}

/** @throws HoldfastError `usage` with the nearest name */
export function checkTier(config: Config, tier: string): void {
  if (Object.hasOwn(config.tiers, tier)) return;
  const known = Object.keys(config.tiers);
  const nearest = nearestName(tier, known);
  throw new HoldfastError('usage', `there is no tier "${tier}" in the configuration`, {
    hints: [nearest === undefined ? `known: ${known.join(', ') || 'none'}` : `did you mean "${nearest}"?`],
  });
}

/** @throws HoldfastError `usage` when a site has no component of a name */
export function checkComponents(config: Config, site: string, names: string[] | undefined): void {
  const known = Object.keys(siteOf(config, site).components);
  for (const name of names ?? []) {
    if (known.includes(name)) continue;
    const nearest = nearestName(name, known);
    throw new HoldfastError('usage', `site ${site} has no component "${name}"`, {
      hints: [nearest === undefined ? `known: ${known.join(', ')}` : `did you mean "${nearest}"?`],
    });
  }
}
