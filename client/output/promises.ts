/** What is promised of each component beside what is measured, as `status` shows it. */

import { componentRefs } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { formatDuration } from '../../domain/config/units';
import { type Measured, type Promised, promisedOf } from '../../domain/promised';
import { measuredHere, shownRestoreTime } from '../catalog/objectives';
import { table } from './table';

export interface ComponentPromises extends Measured {
  objectives: Promised;
}

/** One for each component and store; one without a store where none has anything of it. */
export function promisesOf(config: Config, sites: string[], measured: Measured[]): ComponentPromises[] {
  return sites
    .flatMap((site) => componentRefs(config, site))
    .flatMap((ref) => {
      const own = measuredHere(measured, ref);
      const nothing: Measured = { site: ref.site, component: ref.name };
      const objectives = promisedOf(config, ref.component);
      return (own.length === 0 ? [nothing] : own).map((one) => ({ ...one, objectives }));
    });
}

export function promisesTable(components: ComponentPromises[]): string[] {
  const rows = components.map(({ site, component, store, rpoSeconds, rto, objectives }) => [
    ...[site, component, store ?? ''],
    ...[shown(rpoSeconds), shown(objectives.rpoSeconds)],
    ...[shownRestoreTime({ rto }) ?? '', shown(objectives.rtoSeconds)],
  ]);
  if (rows.length === 0) return [];
  const head = ['SITE', 'COMPONENT', 'STORE', 'WOULD BE LOST', 'PROMISED', 'A RESTORE TAKES', 'PROMISED TIME'];
  return ['', table(head, rows, ['WOULD BE LOST', 'PROMISED', 'PROMISED TIME'])];
}

function shown(seconds: number | undefined): string {
  return seconds === undefined ? '' : formatDuration(seconds * 1000);
}
