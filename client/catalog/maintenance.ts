/** What the stores have on record of maintenance, for `status` and metrics. */
import type { BackupHead } from '../../domain/backup';
import type { Config } from '../../domain/config/types';
import { type MaintenanceHealth, type MaintenanceMark, maintenanceHealth } from '../../domain/schedule/maintenance';
import { plannedWork } from '../../domain/schedule/plan';
import type { RepositoryCopy } from '../../repository/copy';
import { listMaintenance, readMark } from '../../repository/maintenance';
import type { Repository } from '../../repository/repository';
import { forEach } from '../schedules/known';

/** Of all stores that can be reached. */
export async function maintenanceOf(
  repository: Repository | undefined,
  config: Config,
  sites: string[],
  heads: BackupHead[],
): Promise<MaintenanceHealth[]> {
  const marks: MaintenanceMark[] = [];
  for (const copy of repository?.copies ?? []) marks.push(...(await new MaintenanceReader().read(copy, sites)));
  return judgedMaintenance(config, sites, marks, heads, Date.now());
}

export function judgedMaintenance(
  config: Config,
  sites: string[],
  marks: MaintenanceMark[],
  heads: BackupHead[],
  now: number,
): MaintenanceHealth[] {
  return maintenanceHealth(plannedWork(config, sites), marks, firstBackups(heads), now);
}

/** By site: from when on a tier had something to maintain. */
function firstBackups(heads: BackupHead[]): Map<string, string> {
  const first = new Map<string, string>();
  for (const { site, tier, startedAt } of heads) {
    const known = first.get(site);
    if (tier !== undefined && (known === undefined || startedAt < known)) first.set(site, startedAt);
  }
  return first;
}

/** Marks of one store, read again and again: only what was written anew is fetched. */
export class MaintenanceReader {
  private marks = new Map<string, { stamp: string; mark: MaintenanceMark }>();

  async read(copy: RepositoryCopy, sites: string[]): Promise<MaintenanceMark[]> {
    const before = this.marks;
    const found: { key: string; stamp: string }[] = [];
    for await (const one of listMaintenance(copy, sites)) found.push(one);
    const now: typeof before = new Map();
    await forEach(found, async ({ key, stamp }) => {
      const known = before.get(key);
      const mark = known?.stamp === stamp ? known.mark : await readMark(copy, key);
      if (mark) now.set(key, { stamp, mark });
    });
    this.marks = now;
    return [...now.values()].map(({ mark }) => mark);
  }
}
