/**
 * Copies everything that the tiers of a site want in further stores and that is not there, the oldest first, one backup after the other. A store that does not answer is
 * left out for the rest of the run: the others get all of theirs.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import { ApplicationFailure, executeChild, isCancellation, workflowInfo } from '@temporalio/workflow';
import type { ProcedureResult } from '../../domain/progress';
import {
  backupReplicationWorkflowId,
  type CopyEnd,
  type ReplicateAllRequest,
  type ReplicateRequest,
} from '../../domain/replication/requests';
import { onSite } from '../frame/bind';
import { refuse, reportOf } from '../frame/failure';
import { type Maintaining, procedure } from '../frame/procedure';
import type { Run } from '../frame/run';
import type { replicateBackup } from './replicate-backup';

/** In one history: what is left is the next run's. */
const backupsPerRun = 1000;

/** Into some of the stores only is not what the schedule does. */
const kind: Maintaining<ReplicateAllRequest> = {
  title: 'replicate backups',
  maintains: ({ stores }) => (stores === undefined ? ['replication'] : []),
};

export const replicateBackups = procedure(kind, async (run, request) => {
  const { site } = request;
  const find = onSite(site, { summary: 'find what is not copied', first: true });
  const tally = new Tally();
  let after: string | undefined;
  do {
    const asked = { ...request, without: [...tally.away], ...(after !== undefined && { after }) };
    const page = await run.step('find what is not copied', () => find.nextToCopy(asked));
    for (const { backupId, to, enough } of page.backups)
      await replicateOne(run, tally, { site, backup: backupId, stores: to, enough });
    if (page.leftOut) tally.leaveOut(page.leftOut);
    after = tally.tried < backupsPerRun ? page.after : undefined;
    if (tally.tried >= backupsPerRun && page.after) run.warn('there is more to copy: the next run goes on');
  } while (after !== undefined);
  run.findings.copies = tally.ends();
  if (tally.failure === undefined) return;
  refuse('copies_missing', `${tally.failed} of ${tally.backups} backups lack a copy: ${tally.failure}`, [
    'what was copied stays; the next replication goes on from there',
    '`holdfast status` says how late each store is',
  ]);
});

async function replicateOne(run: Run, tally: Tally, wanted: ReplicateRequest): Promise<void> {
  const stores = wanted.stores?.filter((store) => !tally.away.has(store)) ?? [];
  if (stores.length === 0) {
    if (wanted.enough !== 0) tally.leaveOut({ count: 1, first: wanted.backup });
    return;
  }
  tally.backups++;
  tally.tried++;
  try {
    await run.step(`copy ${wanted.backup}`, async () => {
      const result = await executeChild<typeof replicateBackup>('replicateBackup', {
        args: [{ ...wanted, stores }],
        workflowId: backupReplicationWorkflowId(systemOf(), wanted.site, wanted.backup),
        staticSummary: `copies ${wanted.backup} to ${stores.join(', ')}`,
      });
      tally.add(result.copies);
    });
  } catch (error) {
    if (isCancellation(error)) throw error;
    if (error instanceof WorkflowExecutionAlreadyStartedError) {
      run.warn(`${wanted.backup} is being copied already`);
      return;
    }
    tally.add(resultBehind(error)?.copies);
    tally.fail(`${wanted.backup}: ${reportOf(error).message}`);
  }
}

/** `replicate/<system>/<site>`, however the run was started. */
function systemOf(): string {
  return workflowInfo().workflowId.split('/')[1] ?? '';
}

/** A failed procedure carries what it reached. */
function resultBehind(error: unknown): ProcedureResult | undefined {
  for (let at: unknown = error; at instanceof Error; at = at.cause) {
    if (at instanceof ApplicationFailure) return at.details?.[0] as ProcedureResult | undefined;
  }
  return undefined;
}

class Tally {
  tried = 0;
  /** Those that were left out, too. */
  backups = 0;
  failed = 0;
  /** Of the first that failed. */
  failure: string | undefined;
  readonly away = new Set<string>();
  private readonly byStore = new Map<string, CopyEnd>();

  add(ends: CopyEnd[] = []): void {
    for (const one of ends) {
      if (one.error?.code === 'store_unavailable') this.away.add(one.store);
      const before = this.byStore.get(one.store);
      this.byStore.set(one.store, before === undefined ? one : sumOf(before, one));
    }
  }

  fail(failure: string): void {
    this.failed++;
    this.failure ??= failure;
  }

  /** That nobody tried is no success: other backups may have had enough copies without those stores. */
  leaveOut({ count, first }: { count: number; first: string }): void {
    this.backups += count;
    this.failure ??= `${first}: ${[...this.away].join(', ')} did not answer`;
    this.failed += count;
  }

  ends(): CopyEnd[] {
    return [...this.byStore.values()];
  }
}

function sumOf(a: CopyEnd, b: CopyEnd): CopyEnd {
  const worst = (['failed', 'copied', 'there'] as const).find((one) => a.outcome === one || b.outcome === one);
  return {
    ...{ store: a.store, outcome: worst ?? 'there', packs: a.packs + b.packs },
    ...{ storedBytes: a.storedBytes + b.storedBytes, repaired: a.repaired + b.repaired },
    ...((a.error ?? b.error) && { error: a.error ?? b.error }),
  };
}
