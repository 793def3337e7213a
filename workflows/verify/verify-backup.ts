/**
 * Proves one copy of a backup: every object by its checksum (quick), or also every byte of contents and how it all fits together (full), or by
 * restoring it (test-restore). How it ended is written into the head of that copy.
 *
 * Here: what proves backups. Guaranteed: a verification changes nothing but heads and its own scratch directory, which is removed whatever
 * happens. Not guaranteed: that a copy that was proved is still right a moment later.
 */
import { CancellationScope, isCancellation, log, patched } from '@temporalio/workflow';
import type { VerifyJob } from '../../activities/verify/contracts';
import type { Proof } from '../../domain/backup';
import type { VerifyRequest } from '../../domain/verification/requests';
import { outcomeOf, verdictOf } from '../../domain/verification/verdict';
import { onSite } from '../frame/bind';
import { reportOf } from '../frame/failure';
import { procedure } from '../frame/procedure';
import type { Run } from '../frame/run';
import { readThrough } from './read-through';
import { mending } from './repair';
import { testRestore } from './test-restore';

export const verifyBackup = procedure<VerifyRequest>('verify backup', async (run, request) => {
  const { site, level } = request;
  const job = await run.step('find the backup', () =>
    onSite(site, { summary: 'find the backup', first: true }).findBackup(request),
  );
  run.about({ backupId: job.backupId });
  // Runs of earlier versions record nothing but success, and look at no structure.
  const proves = patched('proofs');
  const began = Date.now();
  const { store, cost, trusted } = job;
  if (proves) run.tell({ verification: { level, store, ...(level !== 'test-restore' && { ...cost, trusted }) } });
  if (request.dryRun) return;
  try {
    await mending(run, job, async () => {
      if (level === 'test-restore') await testRestore(run, request, job);
      else await readThrough(run, job, { level, structure: proves, named: request.store !== undefined });
    });
  } catch (error) {
    if (proves) await recordFailure(run, request, job, began, error);
    throw error;
  }
  const { warnings } = run.board;
  const proof = { seconds: (Date.now() - began) / 1000, outcome: outcomeOf(warnings), findings: warnings };
  await record(run, request, job, proves ? proof : undefined);
  run.findings.bytes = job.bytes;
});

async function record(run: Run, { site, level }: VerifyRequest, job: VerifyJob, proof?: Recorded): Promise<void> {
  const at = onSite(site, { summary: 'record the verification' });
  await run.step('record the verification', () => at.recordVerified({ ...job, level, ...(proof && { proof }) }));
  if (proof) run.tell({ outcome: proof.outcome });
}

type Recorded = Omit<Proof, 'level' | 'at'>;

/** Only what speaks of the backup is a proof that failed. What kept it from being looked at is told, and recorded nowhere. */
async function recordFailure(run: Run, request: VerifyRequest, job: VerifyJob, began: number, error: unknown) {
  if (isCancellation(error)) return;
  const { code, message } = reportOf(error);
  if (verdictOf(code) !== 'failed') return;
  log.error('a copy of a backup failed its verification', { backupId: job.backupId, store: job.store, code });
  const findings = [`${code}: ${message}`, ...run.board.warnings];
  const proof: Recorded = { seconds: (Date.now() - began) / 1000, outcome: 'failed', findings };
  await CancellationScope.nonCancellable(() =>
    record(run, request, job, proof).catch((failure: unknown) =>
      run.warn(`that it failed could not be recorded: ${reportOf(failure).message}`),
    ),
  );
}
