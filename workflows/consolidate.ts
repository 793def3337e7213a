/**
 * A full backup out of a chain: the same moment, put together from what the store holds. The database is not read. The chain stays as it is;
 * the next incremental backup builds upon the new one.
 */
import type { ConsolidateRequest } from '../domain/requests';
import { discard } from './backup/discard';
import { sealAndPublish } from './backup/seal-and-publish';
import { onSite } from './frame/bind';
import { procedure } from './frame/procedure';
import { workThrough } from './pack-runs';

export const consolidate = procedure<ConsolidateRequest>('consolidate', async (run, request) => {
  const { site } = request;
  const at = (summary: string) => onSite(site, { summary });

  const { job, of } = await run.step('choose the chain', () =>
    onSite(site, { summary: 'choose the chain', first: true }).beginConsolidation(request),
  );
  run.about({ backupId: job.backupId });
  run.warn(...job.warnings);
  run.undo('mark the backup failed and remove its objects', () => discard(run, job, 'discard backup'));
  await run.step('announce in the catalog', () => at('announce in the catalog').announceBackup(job));
  for (const { name } of job.components) {
    const part = { ...job, component: name, generation: 1, of };
    const plan = await run.step(`plan packs of ${name}`, () => at(`plan packs of ${name}`).planConsolidation(part));
    run.expect({ bytes: plan.bytes, packs: plan.packs });
    const work = { kind: 'consolidate', site, backupId: job.backupId, component: name, of, store: job.store } as const;
    await run.step(`put packs of ${name} together`, () =>
      workThrough(run, { work, from: 0, to: plan.runs, jobs: job.jobs }),
    );
  }
  await sealAndPublish(run, job);
  run.settled('mark the backup failed and remove its objects');
});
