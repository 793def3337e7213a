/**
 * A recovery point of a site, between its backups: databases are marked in their WAL, what changed of files is stored, and the point counts when
 * the stores hold all of it. One that takes longer than its tier allows is given up, and said.
 */
import type { PointRequest } from '../../domain/requests';
import { discard } from '../backup/discard';
import { sealAndPublish } from '../backup/seal-and-publish';
import { keepShipping } from '../backup/shipping';
import { storeComponent } from '../backup/store-component';
import { onSite } from '../frame/bind';
import { procedure } from '../frame/procedure';
import type { Run } from '../frame/run';
import { within } from '../frame/within';

export const recoveryPoint = procedure<PointRequest>('recovery point', async (run, request) =>
  within(request.timeout, 'the recovery point', () => makePoint(run, request)),
);

async function makePoint(run: Run, request: PointRequest): Promise<void> {
  const { site } = request;
  const at = (summary: string) => onSite(site, { summary });
  const first = (summary: string) => onSite(site, { summary, first: true });

  const job = await run.step('choose what it builds upon', () =>
    first('choose what it builds upon').beginPoint(request),
  );
  const { marked = [] } = job;
  run.about({ backupId: job.backupId, tier: request.tier });
  run.warn(...job.warnings);
  await run.step('check health', () => first('check health').checkHealth(job));
  if (request.dryRun) return;

  run.undo('mark the point failed and remove its objects', () => discard(run, job, 'discard the point'));
  await run.step('announce in the catalog', () => at('announce in the catalog').announceBackup(job));
  await run.step('ship WAL', () => keepShipping(run, { ...job, components: marked }));
  await run.step('mark the databases', () => at('mark the databases').markDatabases(job));
  for (const component of job.components) await storeComponent(run, job, component);
  await run.step('wait until the WAL is stored', () => at('wait until the WAL is stored').awaitMarks(job));
  await sealAndPublish(run, job);
  run.settled('mark the point failed and remove its objects');
  await run.afterwards('let older points go', () => at('let older points go').expirePoints(job));
}
