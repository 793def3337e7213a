/** Setting present data aside before a restore touches it, and what becomes of it: put back, or dropped when the new is proved. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { stopInstance } from '../../components/postgres/instance';
import { dropAside, putBack, setAside } from '../../components/tree/aside';
import type { SiteContext } from '../context';
import type { RestoreComponent, RestoreJob } from '../contracts';
import { currentTablespaces, placesOf } from './check-target';
import {
  assertUnderWay,
  closeForPlacing,
  removeWorkDirs as dropWorkDirs,
  isPlaced,
  markPlaced,
  removeEmptyAbove,
} from './work-dir';

/** Every place that the restore fills, and on its own ground every place that the present data uses. */
function placesToClear(job: RestoreJob, component: RestoreComponent): string[] {
  const now = job.inPlace && component.kind === 'postgres' ? currentTablespaces(component.target) : [];
  // A folder that is made for the trees goes with them when they do.
  const made = component.kind === 'files' && !job.inPlace && !existsSync(component.target) ? [component.target] : [];
  return [...new Set([...now, ...made, ...placesOf(component)])];
}

export async function setDataAside(_context: SiteContext, job: RestoreJob): Promise<void> {
  if (job.request.delta) return;
  for (const component of job.components) {
    assertUnderWay(component.workDir);
    if (isPlaced(component.workDir)) continue;
    for (const place of recordedPlaces(component.workDir, () => placesToClear(job, component))) {
      await setAside(place, { id: job.restoreId, recordDir: component.workDir });
    }
  }
}

export async function putDataBack(_context: SiteContext, job: RestoreJob): Promise<void> {
  if (job.request.delta) return;
  for (const component of job.components.toReversed()) {
    // A copy that was started already (--start); the server of the source was stopped before.
    if (component.kind === 'postgres' && !job.inPlace) await stopInstance(component.target, 'immediate');
    markPlaced(component.workDir);
    await closeForPlacing(component.workDir);
    for (const place of recordedPlaces(component.workDir, () => []).toReversed()) {
      await putBack(place, { id: job.restoreId, recordDir: component.workDir });
      // Trees of files lie below directories that were made for them.
      if (job.request.to !== undefined) removeEmptyAbove(place, job.request.to);
    }
  }
}

export async function dropSetAsideData(job: RestoreJob): Promise<void> {
  for (const component of job.components) {
    for (const place of recordedPlaces(component.workDir, () => [])) {
      await dropAside(place, { id: job.restoreId, recordDir: component.workDir });
    }
  }
}

/** The list is fixed by the first attempt: once data is aside, its tablespaces can no longer be listed. */
function recordedPlaces(workDir: string, find: () => string[]): string[] {
  const file = path.join(workDir, 'places.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as string[];
  const places = find();
  if (places.length > 0) {
    writeFileSync(`${file}.new`, JSON.stringify(places), { flush: true });
    renameSync(`${file}.new`, file);
  }
  return places;
}

export async function removeWorkDirs(_context: SiteContext, job: RestoreJob): Promise<void> {
  dropWorkDirs(job.components.map(({ workDir }) => workDir));
}
