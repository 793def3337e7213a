/** Every object of a backup and of what it builds upon, read from one store. */
import type { ReadLevel, VerifyJob } from '../../activities/verify/contracts';
import { onSite } from '../frame/bind';
import type { Run } from '../frame/run';
import { workThrough } from '../pack-runs';

export interface HowToRead {
  level: ReadLevel;
  /** Whether a full verification also looks at how indexes, manifests and sizes fit together. */
  structure: boolean;
  /** Somebody named the store: then its WAL has to lie there too. */
  named: boolean;
}

export async function readThrough(run: Run, job: VerifyJob, { level, structure, named }: HowToRead): Promise<void> {
  const { site, store, trusted } = job;
  const at = (summary: string) => onSite(site, { summary });
  await run.step('verify the manifest', () => at('verify the manifest').verifyManifest(job));
  if (structure && level === 'full') {
    const found = await run.step('verify the structure', () => at('verify the structure').verifyStructure(job));
    run.warn(...found.warnings);
  }
  run.expect({ bytes: job.bytes, packs: job.packs });
  for (const { name, runs, links = [] } of job.components) {
    await run.step(`verify packs of ${name}`, async () => {
      for (const { backupId, runs: to } of [...links, { backupId: job.backupId, runs }]) {
        const of = level === 'full' && backupId !== job.backupId ? { of: job.backupId } : {};
        const work = { kind: 'verify', site, backupId, component: name, store, level, trusted, ...of } as const;
        await workThrough(run, { work, from: 0, to, jobs: job.jobs });
      }
    });
  }
  const wal = { ...job, level, onlyStore: named ? store : undefined };
  run.warn(...(await run.step('verify the WAL', () => at('verify the WAL').verifyWal(wal))).warnings);
}
