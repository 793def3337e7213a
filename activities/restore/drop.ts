/** The last step of a restore: what was set aside goes, and with it everything of ours beside the target. */
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { runningInstance } from '../../components/postgres/instance';
import type { RestoredComponent } from '../../domain/progress';
import type { SiteContext } from '../context';
import type { RestoreComponent, RestoreJob } from '../contracts';
import { dropSetAsideData } from './aside';
import { liveOn } from './live-on';

export async function dropSetAside(context: SiteContext, job: RestoreJob): Promise<RestoredComponent[]> {
  await liveOn(context, job);
  await dropSetAsideData(job);
  for (const component of job.components) removeOurs(component, job.request.placeOnly);
  return job.components.map(({ name, kind, target, from }) => {
    const running = kind === 'postgres' && !job.inPlace && job.request.start ? runningInstance(target) : undefined;
    return {
      component: name,
      path: target,
      ...(from && { backupId: from.backupId }),
      ...(running ? { port: running.port, ...(running.socketDir === '' ? {} : { socket: running.socketDir }) } : {}),
    };
  });
}

/** What was only placed still needs its spool: its `restore_command` copies from there, without us. */
function removeOurs({ kind, workDir }: RestoreComponent, placeOnly: boolean): void {
  const spoolStays = placeOnly && kind === 'postgres';
  if (!spoolStays) rmSync(workDir, { recursive: true, force: true });
  for (const name of spoolStays ? readdirSync(workDir) : []) {
    if (name !== 'spool') rmSync(path.join(workDir, name), { recursive: true, force: true });
  }
}
