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
  for (const { name, runs } of job.components) {
    const work = { kind: 'verify', site, backupId: job.backupId, component: name, store: job.store, level } as const;
    await run.step(`verify packs of ${name}`, () => workThrough(run, { work, from: 0, to: runs, jobs: job.jobs }));
  }
  run.warn(...(await run.step('verify the WAL', () => at('verify the WAL').verifyWal({ ...job, level }))).warnings);
  await run.step('record the verification', () => at('record the verification').recordVerified({ ...job, level }));
  run.findings.bytes = job.bytes;
});
