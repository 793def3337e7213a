/** Damage that a verification found in one copy is put right from the others, and the copy is looked at once more. */
import type { VerifyJob } from '../../activities/verify/contracts';
import { onSite } from '../frame/bind';
import { hasCode, reportOf } from '../frame/failure';
import type { Run } from '../frame/run';

const damage = ['checksum_mismatch', 'object_not_found', 'invalid_backup', 'chain_broken'] as const;

/** @param look whatever it finds the second time stands */
export async function mending(run: Run, job: VerifyJob, look: () => Promise<void>): Promise<void> {
  try {
    await look();
  } catch (error) {
    if (!job.repair || !hasCode(error, ...damage)) throw error;
    run.warn(...(await run.unwind()));
    await repair(run, job);
    run.warn(`damage was found and put right from another copy: ${reportOf(error).code}`);
    await look();
  }
}

/** The copy's own chain too: what it builds upon is part of it. */
async function repair(run: Run, { site, store, backupId, components }: VerifyJob): Promise<void> {
  const links = components.flatMap(({ links: before = [] }) => before.map((link) => link.backupId));
  for (const id of new Set([...links, backupId])) {
    const { repaired, count } = await run.step(`repair ${id} from another copy`, () =>
      onSite(site, { summary: `repair ${id}` }).repairBackup({ site, backupId: id, store }),
    );
    // What was missing altogether is sent again, and counts as nothing that was damaged.
    if (count === 0) continue;
    const from = [...new Set(repaired.map((one) => one.from))].join(', ');
    run.warn(`${count} objects of ${id} were damaged in ${store} and were repaired from ${from}`);
  }
}
