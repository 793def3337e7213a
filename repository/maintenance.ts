/**
 * What is on record of maintenance: `maintenance/<site>/<work>` in each store, one small object a kind, written anew after each run. Sealed, since an
 * error may name what is stored. Guaranteed: what cannot be read is left out and written anew. Not guaranteed: that all stores say the same: one may
 * have been away.
 */
import type { MaintenanceKind } from '../domain/config/types-schedules';
import { isHoldfastError } from '../domain/errors';
import {
  type MaintenanceMark,
  type MaintenanceRun,
  maintenanceMarkSchema,
  withRun,
} from '../domain/schedule/maintenance';
import type { RepositoryCopy } from './copy';
import { getSealedIfThere, putSealed } from './documents';

const prefix = 'maintenance/';

/** One run at a time has its workflow's id, so that nobody writes beside it. */
export async function putMaintenanceRun(
  copy: RepositoryCopy,
  of: { site: string; work: MaintenanceKind },
  run: MaintenanceRun,
): Promise<void> {
  const key = `${prefix}${of.site}/${of.work}`;
  await putSealed(copy, key, withRun(await readMark(copy, key), of, run));
}

/** Where each mark lies, and what tells that it was written anew. */
export async function* listMaintenance(
  { store }: Pick<RepositoryCopy, 'store'>,
  sites: string[],
): AsyncIterable<{ key: string; stamp: string }> {
  const [only] = sites;
  const wanted = new Set(sites);
  for await (const { key, bytes, modified } of store.list(sites.length === 1 ? `${prefix}${only}/` : prefix)) {
    if (wanted.has(key.split('/')[1] ?? '')) yield { key, stamp: `${bytes}@${modified.getTime()}` };
  }
}

/** Undefined: it is not there, or cannot be read. @throws HoldfastError `store_unavailable` */
export async function readMark(copy: RepositoryCopy, key: string): Promise<MaintenanceMark | undefined> {
  try {
    return await getSealedIfThere(copy, key, maintenanceMarkSchema);
  } catch (error) {
    if (isHoldfastError(error) && !error.code.startsWith('store_')) return undefined;
    throw error;
  }
}
