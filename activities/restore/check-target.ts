/** What replay itself would touch outside the target (docs/data-safety.md, C17): known from the WAL, refused before anything is touched. */

import { readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { refuseTablespaceConflicts } from '../../components/postgres/tablespace-conflicts';
import type { SiteContext } from '../context';
import type { RestoreComponent, RestoreJob } from '../contracts';
import { replayOrder } from './fetch-wal';
import { assertSpace } from './space';

export async function checkTarget(_context: SiteContext, job: RestoreJob): Promise<void> {
  // Again, since the WAL lies beside the target now.
  await assertSpace(job, job.components);
  for (const component of job.components) {
    if (component.kind !== 'postgres') continue;
    const own = [...placesOf(component), ...(job.inPlace ? currentTablespaces(component.target) : [])];
    refuseTablespaceConflicts(replayOrder(component.workDir).tablespaces, own);
  }
}

export function placesOf({ roots }: RestoreComponent): string[] {
  return Object.values(roots).map((place) => Buffer.from(place, 'base64').toString('utf8'));
}

/** Those of the data that is about to be replaced: they are set aside with it. */
export function currentTablespaces(dataDir: string): string[] {
  const folder = path.join(dataDir, 'pg_tblspc');
  try {
    return readdirSync(folder).flatMap((name) => {
      try {
        return [readlinkSync(path.join(folder, name))].filter((place) => path.isAbsolute(place));
      } catch {
        return [];
      }
    });
  } catch {
    return [];
  }
}
