/** A restore from an archive: everything is asked for at once, and then it waits, for hours where it must, through any restart. */
import { sleep } from '@temporalio/workflow';
import type { RestoreJob } from '../../activities/contracts';
import { formatDuration } from '../../domain/config/units';
import { thawPace } from '../../domain/storage';
import { onSite } from '../frame/bind';
import { refuse } from '../frame/failure';
import type { Run } from '../frame/run';

export async function thaw(run: Run, job: RestoreJob): Promise<void> {
  const { thaw: plan } = job;
  if (plan === undefined) return;
  const at = (summary: string) => onSite(job.site, { summary });
  const takes = `up to ${formatDuration(plan.ms)} (${plan.tier})`;
  if (job.request.dryRun) {
    run.warn(
      `packs lie in ${plan.storageClass} in ${plan.store}: a restore has them thawed first, which takes ${takes}`,
    );
    return;
  }
  await run.step('ask for the thaw', () => at('ask for the thaw').askThaw(job));
  await run.step('wait for the thaw', async () => {
    const begun = Date.now();
    let after: string | undefined;
    for (;;) {
      const seen = await at('look what is thawed').thawed({ job, after });
      after = seen.after;
      if (after === undefined) break;
      if (!seen.waiting) continue;
      const waited = Date.now() - begun;
      if (waited >= plan.wait) return giveUp(plan.wait);
      const eta = new Date(begun + plan.ms).toISOString();
      run.say(`Packs are being thawed from ${plan.storageClass}: ${takes}, by about ${eta}`);
      await sleep(Math.min(thawPace(plan, waited), plan.wait - waited));
    }
    run.say(undefined);
  });
}

function giveUp(wait: number): never {
  return refuse('timed_out', `what lies in the archive was not thawed within ${formatDuration(wait)}`, [
    'begin the restore again: what is thawed meanwhile is not asked for twice',
    'or let it wait longer: `thaw: { wait: … }` of the store',
  ]);
}
