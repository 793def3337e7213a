/** Proves a backup from the store alone: every object's checksum (quick), or also every byte of contents (full). */
import type { VerifyRequest } from '../domain/requests';
import { onSite } from './frame/bind';
import { procedure } from './frame/procedure';
import { workThrough } from './pack-runs';

export const verifyBackup = procedure<VerifyRequest>('verify backup', async (run, request) => {
  const { site, level } = request;
  const at = (summary: string) => onSite(site, { summary });
  const job = await run.step('find the backup', () =>
    onSite(site, { summary: 'find the backup', first: true }).findBackup(request),
  );
  run.about({ backupId: job.backupId });
  await run.step('verify the manifest', () => at('verify the manifest').verifyManifest(job));
  run.expect({ bytes: job.bytes, packs: job.packs });
  for (const { name, runs, links = [] } of job.components) {
    await run.step(`verify packs of ${name}`, async () => {
      for (const link of [...links, { backupId: job.backupId, runs }]) {
        const { backupId } = link;
        const work = { kind: 'verify', site, backupId, component: name, store: job.store, level } as const;
        await workThrough(run, { work, from: 0, to: link.runs, jobs: job.jobs });
      }
    });
  }
  run.warn(...(await run.step('verify the WAL', () => at('verify the WAL').verifyWal({ ...job, level }))).warnings);
  await run.step('record the verification', () => at('record the verification').recordVerified({ ...job, level }));
  run.findings.bytes = job.bytes;
});
