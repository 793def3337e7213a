/**
 * Stores one component. A database's backup session lives in one process: when that process dies, the phase is done again
 * under a new session (a new generation), and every pack already stored is used again if its files did not change since.
 */

import type { BackupJob, JobComponent } from '../../activities/contracts';
import { inProcess, onSite } from '../frame/bind';
import { hasCode, processIsGone, refuse } from '../frame/failure';
import type { Run } from '../frame/run';
import { workThrough } from '../pack-runs';
import { streamComponent } from './stream-component';

const generationsAtMost = 50;

export async function storeComponent(run: Run, job: BackupJob, component: JobComponent): Promise<void> {
  if (component.method === 'stream') return await streamComponent(run, job, component);
  for (let generation = 1; generation <= generationsAtMost; generation++) {
    try {
      return await storeGeneration(run, job, component, generation);
    } catch (error) {
      if (!hasCode(error, 'backup_session_lost') && !processIsGone(error)) throw error;
      run.settled(endOf(component.name));
      run.warn(
        `the backup session of ${component.name} was lost; a new one was opened and what was stored is used again`,
      );
    }
  }
  refuse('backup_session_lost', `the backup session of ${component.name} was lost ${generationsAtMost} times`);
}

async function storeGeneration(run: Run, job: BackupJob, component: JobComponent, generation: number): Promise<void> {
  const { site, backupId, jobs } = job;
  const { name } = component;
  const at = (summary: string) => onSite(site, { summary: `${summary} of ${name}` });
  const part = { ...job, component: name, generation };

  run.undo(endOf(name), () => at('end the snapshot').abandonSnapshot(part));
  const session = await run.step(`open snapshot of ${name}`, () => at('open snapshot').openSnapshot(part));
  const here = (summary: string) => inProcess(session.processQueue, `${summary} of ${name}`);
  const plan = await run.step(`plan packs of ${name}`, () => at('plan packs').planComponent(part));
  run.warn(...plan.warnings);
  run.expect({ bytes: plan.bytes, packs: plan.packs });
  const work = { kind: 'store', site, backupId, component: name, generation } as const;
  await run.step(`store packs of ${name}`, () => workThrough(run, { work, from: 0, to: plan.lastFrom, jobs }));
  if (plan.lastFrom < plan.runs) {
    await run.step(`store last files of ${name}`, () =>
      workThrough(run, { work, from: plan.lastFrom, to: plan.runs, jobs: 1 }),
    );
  }
  await run.step(`close snapshot of ${name}`, () => here('close snapshot').closeSnapshot({ ...part, plan }));
  run.settled(endOf(name));
}

function endOf(name: string): string {
  return `end the snapshot of ${name}`;
}
