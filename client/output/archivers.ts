/** Databases that push their WAL themselves, as `status` shows them: by what the stores hold, not by what a server says it has sent. */
import { componentRefs } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { table } from './table';

export interface ArchiverStatus {
  site: string;
  component: string;
  /** Since the last transaction in the last segment that is stored. */
  lagSeconds?: number;
  coveredUntil?: string;
}

/** The databases without a shipper of ours. */
export function archiversOf(config: Config, sites: string[]): ArchiverStatus[] {
  return sites
    .flatMap((site) => componentRefs(config, site))
    .filter(({ component }) => component.kind === 'postgres' && component.wal.source === 'command')
    .map(({ site, name }) => ({ site, component: name }));
}

export function archiverWarnings({ site, component, coveredUntil }: ArchiverStatus): string[] {
  if (coveredUntil !== undefined) return [];
  return [`the stores hold no WAL of ${component} (${site}) yet: see "holdfast doctor" for its archive_command`];
}

export function archiverTable(archivers: ArchiverStatus[]): string[] {
  if (archivers.length === 0) return [];
  const rows = archivers.map(({ site, component, lagSeconds, coveredUntil }) => [
    site,
    component,
    coveredUntil ?? 'nothing',
    lagSeconds === undefined ? '' : formatDuration(lagSeconds * 1000),
  ]);
  return ['', table(['SITE', 'DATABASE', 'LAST TRANSACTION STORED', 'AGO'], rows, ['AGO'])];
}
