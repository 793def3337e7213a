/** Questions everybody asks of a configuration. */
import { HoldfastError } from '../errors';
import { nearestName } from './nearest';
import type { ComponentConfig, Config, FilesComponent, PostgresComponent, SiteConfig, StoreConfig } from './types';

export interface ComponentRef {
  site: string;
  name: string;
  component: ComponentConfig;
}

export function siteNames(config: Config): string[] {
  return Object.keys(config.sites);
}

export function storeNames(config: Config): string[] {
  return Object.keys(config.stores);
}

/** @throws HoldfastError `usage` with the nearest name */
export function siteOf(config: Config, site: string): SiteConfig {
  return named(config.sites, site, 'site');
}

/** @throws HoldfastError `usage` with the nearest name */
export function storeOf(config: Config, store: string): StoreConfig {
  return named(config.stores, store, 'store');
}

/** @throws HoldfastError `usage` with the nearest name */
export function componentOf(config: Config, site: string, name: string): ComponentConfig {
  return named(siteOf(config, site).components, name, 'component');
}

/** @throws HoldfastError `usage` when there is none of that name or it is of another kind */
export function postgresOf(config: Config, site: string, name: string): PostgresComponent {
  const component = componentOf(config, site, name);
  if (component.kind === 'postgres') return component;
  throw new HoldfastError('usage', `component "${name}" of site ${site} is of kind ${component.kind}, not postgres`);
}

/** @throws HoldfastError `usage` when the database is on a host that only its connection reaches */
export function dataDirOf(config: Config, site: string, name: string): string {
  const { dataDir } = postgresOf(config, site, name);
  if (dataDir !== undefined) return dataDir;
  throw new HoldfastError('usage', `${name} has no data directory on this host: it is backed up over its connection`, {
    hints: ['restore it to another directory with --to', `or name its dataDir, if it is on this host after all`],
  });
}

/** @throws HoldfastError `usage` when there is none of that name or it is of another kind */
export function filesOf(config: Config, site: string, name: string): FilesComponent {
  const component = componentOf(config, site, name);
  if (component.kind === 'files') return component;
  throw new HoldfastError('usage', `component "${name}" of site ${site} is of kind ${component.kind}, not files`);
}

/** Components of a site, or of all sites, in the order of the configuration. */
export function componentRefs(config: Config, site?: string): ComponentRef[] {
  const sites = site === undefined ? siteNames(config) : [site];
  return sites.flatMap((one) =>
    Object.entries(siteOf(config, one).components).map(([name, component]) => ({ site: one, name, component })),
  );
}

const restoreRank = [/^(database|db|postgres)/, /^(config|configuration)/, /^logs?/];

/**
 * Names in the order they are restored: as configured, else databases, configuration, logs, then the rest as they come.
 */
export function restoreOrder(config: Config, site: string, names: string[]): string[] {
  const components = siteOf(config, site).components;
  const rank = (name: string): number => {
    const configured = config.restoreOrder.indexOf(name);
    if (configured >= 0) return configured - config.restoreOrder.length;
    if (components[name]?.kind === 'postgres') return 0;
    const known = restoreRank.findIndex((form) => form.test(name));
    return known >= 0 ? known : restoreRank.length;
  };
  return [...names].sort((a, b) => rank(a) - rank(b));
}

/**
 * The one site meant where none is named: the only one there is.
 * @throws HoldfastError `usage` when there are several
 */
export function onlySite(config: Config): string {
  const names = siteNames(config);
  if (names.length === 1) return names[0] as string;
  throw new HoldfastError('usage', 'the configuration has several sites and none was named', {
    hints: [`add --site ${names.join('|')} or --site all`],
  });
}

/** `holdfast` names the site in a backup's id only where there are several. */
export function siteInId(config: Config, site: string): string | undefined {
  return siteNames(config).length > 1 ? site : undefined;
}

function named<T>(record: Record<string, T>, name: string, what: string): T {
  const found = Object.hasOwn(record, name) ? record[name] : undefined;
  if (found !== undefined) return found;
  const nearest = nearestName(name, Object.keys(record));
  throw new HoldfastError('usage', `there is no ${what} "${name}" in the configuration`, {
    hints: [nearest === undefined ? `known: ${Object.keys(record).join(', ')}` : `did you mean "${nearest}"?`],
  });
}
