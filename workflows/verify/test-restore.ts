/** Restores into a scratch directory, lets PostgreSQL's own judges and the user's probes look at it, and removes it, whatever happened. */
import type { VerifyJob } from '../../activities/verify/contracts';
import type { RestoreRequest, VerifyRequest } from '../../domain/requests';
import { onSite } from '../frame/bind';
import type { Run } from '../frame/run';
import { within } from '../frame/within';
import { restoreRunbook } from '../restore/runbook';

/** Of whatever is restored only to be looked at: beside everything, and left running by nobody. */
export const asTest = {
  inclusive: true,
  delta: false,
  skipVerification: false,
  placeOnly: false,
  start: false,
  prove: true,
} satisfies Partial<RestoreRequest>;

export async function testRestore(run: Run, request: VerifyRequest, job: VerifyJob): Promise<void> {
  const { site, restorePath } = request;
  const { backupId, onlyStore } = job;
  await inScratch(run, { site, base: restorePath, limit: job.limit }, (to) =>
    restoreRunbook(run, { ...asTest, site, backup: backupId, to, onlyStore }),
  );
}

export interface ScratchUse {
  site: string;
  base?: string;
  /** Milliseconds. */
  limit?: number;
}

const defaultLimit = 24 * 3600_000;

/** @param use is told where to restore to */
export async function inScratch(
  run: Run,
  { site, base, limit = defaultLimit }: ScratchUse,
  use: (to: string) => Promise<void>,
): Promise<void> {
  const at = (summary: string) => onSite(site, { summary });
  const scratch = await run.step('make a scratch directory', () =>
    at('make a scratch directory').openScratch({ site, base }),
  );
  const remove = () => at('remove the scratch directory').removeScratch(scratch);
  run.undo('remove the scratch directory', remove, { lasting: true });
  await within(limit, 'the test restore', () => use(scratch.to));
  run.settled('remove the scratch directory');
  await run.finalStep('remove the scratch directory', remove);
  // They lie nowhere any more.
  run.findings.restored = undefined;
}
