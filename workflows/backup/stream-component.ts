/**
 * Stores a component that is read over its connection alone. The stream lives as long as the one activity that reads it: when that is cut, by
 * whatever end, it begins anew under the next generation, and what comes again as it was is not stored twice.
 */

import { isCancellation } from '@temporalio/workflow';
import type { BackupJob, JobComponent } from '../../activities/contracts';
import { catalogue } from '../../domain/errors';
import { onSite } from '../frame/bind';
import { attemptWasCut, refuse, reportOf } from '../frame/failure';
import type { Run } from '../frame/run';

const generationsAtMost = 50;

export async function streamComponent(run: Run, job: BackupJob, { name }: JobComponent): Promise<void> {
  for (let generation = 1; generation <= generationsAtMost; generation++) {
    try {
      return await streamGeneration(run, job, name, generation);
    } catch (error) {
      if (!mayBeginAnew(error)) throw error;
      run.settled(endOf(name));
      run.warn(`the base backup of ${name} was cut off; it began anew, and what was stored is used again`);
    }
  }
  refuse('backup_session_lost', `the base backup of ${name} was cut off ${generationsAtMost} times`);
}

async function streamGeneration(run: Run, job: BackupJob, name: string, generation: number): Promise<void> {
  const at = (summary: string, once = false) => onSite(job.site, { summary: `${summary} of ${name}`, once });
  const part = { ...job, component: name, generation };
  // The server ends the backup with its connection; this ends a connection that a forgotten process may still hold.
  run.undo(endOf(name), () => at('end the base backup').abandonSnapshot(part));
  await run.step(`reach the server of ${name}`, () => at('reach the server').awaitSource(part));
  const stored = await run.step(`stream packs of ${name}`, () => at('stream packs', true).storeStream(part));
  run.expect({ bytes: stored.bytes, packs: stored.packs });
  run.add({ bytes: stored.bytes, packs: stored.packs });
  run.warn(...stored.warnings);
  run.settled(endOf(name));
}

function mayBeginAnew(error: unknown): boolean {
  if (isCancellation(error)) return false;
  const { code } = reportOf(error);
  return attemptWasCut(error) || code === 'backup_session_lost' || catalogue[code].retryable;
}

function endOf(name: string): string {
  return `end the base backup of ${name}`;
}
