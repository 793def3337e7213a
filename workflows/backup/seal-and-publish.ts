/** The end of every backup, however its packs came to be: it counts only when it was read back from the store, and is copied before it is published. */
import type { BackupJob } from '../../activities/contracts';
import { onSite } from '../frame/bind';
import type { Run } from '../frame/run';
import { workThrough } from '../pack-runs';
import { lockBackup } from '../storage/lock';

export async function sealAndPublish(run: Run, job: BackupJob): Promise<void> {
  const { site } = job;
  const at = (summary: string) => onSite(site, { summary });
  const sealed = await run.step('seal the manifest', () => at('seal the manifest').sealBackup(job));
  run.findings.bytes = sealed.bytes;
  run.findings.storedBytes = sealed.storedBytes;
  run.findings.recoveryPoint = sealed.recoveryPoint;
  const seconds: Record<string, number> = {};
  const timed = async (store: string, look: () => Promise<void>) => {
    const began = Date.now();
    await look();
    seconds[store] = (Date.now() - began) / 1000;
  };
  const verified = async () => {
    run.expect({ bytes: sealed.bytes, packs: sealed.packs });
    for (const { name, runs } of sealed.components) {
      const work = {
        kind: 'verify',
        site,
        backupId: job.backupId,
        component: name,
        store: job.store,
        level: job.verify,
        fresh: true,
      } as const;
      await workThrough(run, { work, from: 0, to: runs, jobs: job.jobs });
    }
    await at('verify the WAL').verifyWal({ ...job, level: 'full' });
  };
  await run.step('verify from the store', () => timed(job.store, verified));
  for (const to of job.copies) {
    const copied = async () => {
      run.expect({ bytes: sealed.bytes, packs: sealed.packs });
      for (const { name, runs } of sealed.components) {
        const work = { kind: 'copy', site, backupId: job.backupId, component: name, store: job.store, to } as const;
        await workThrough(run, { work, from: 0, to: runs, jobs: job.jobs });
      }
      await at(`copy the manifest to ${to}`).copyManifest({ ...job, to });
    };
    await run.step(`copy to ${to}`, () => timed(to, copied));
  }
  await lockBackup(run, job);
  await run.step('publish in the catalog', () => at('publish in the catalog').publishBackup({ ...job, seconds }));
}
