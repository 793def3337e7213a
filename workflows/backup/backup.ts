/**
 * A full backup of a site: every component, all WAL it needs, verified from the store before it counts.
 * A backup that fails or is aborted is marked failed and its objects are removed.
 */
import type { BackupRequest } from '../../domain/requests';
import { onSite } from '../frame/bind';
import { procedure } from '../frame/procedure';
import { discard } from './discard';
import { sealAndPublish } from './seal-and-publish';
import { keepShipping } from './shipping';
import { storeComponent } from './store-component';

export const backup = procedure<BackupRequest>('backup', async (run, request) => {
  const { site } = request;
  const at = (summary: string) => onSite(site, { summary });

  const first = (summary: string) => onSite(site, { summary, first: true });
  const job = await run.step('choose what to back up', () => first('choose what to back up').beginBackup(request));
  run.about({ backupId: job.backupId, tier: request.tier });
  run.warn(...job.warnings);
  await run.step('check health', () => first('check health').checkHealth(job));
  if (request.dryRun) return;

  run.undo('mark the backup failed and remove its objects', () => discard(run, job, 'discard backup'));
  await run.step('announce in the catalog', () => at('announce in the catalog').announceBackup(job));
  await run.step('ship WAL', () => keepShipping(run, job));
  for (const component of job.components) await storeComponent(run, job, component);
  await run.step('wait until the WAL is stored', () => at('wait until the WAL is stored').awaitWal(job));
  await sealAndPublish(run, job);
  run.settled('mark the backup failed and remove its objects');
});
