/**
 * Works through runs of packs, a few at a time: storing, placing, verifying, copying or replicating.
 *
 * A history must stay small for a backup of any size: one activity per run (up to 2 GiB of source), and where there are many
 * runs, one child workflow per fifteen hundred. A pebibyte is half a million runs in 350 children, and neither they nor their
 * parent come above 10,000 events, not even where the backup is also verified and copied.
 */
import { executeChild, workflowInfo } from '@temporalio/workflow';
import { addOutcomes, nothingDone, type PackWork, type RunOutcome } from '../domain/runs';
import { onSite } from './frame/bind';
import type { Run } from './frame/run';

export interface PackRunsRequest {
  work: PackWork;
  /** Runs `from` up to, not including, `to`. */
  from: number;
  to: number;
  jobs: number;
}

/** Runs in one history at the most: about six events each. */
export const runsPerHistory = 1500;

/** The child workflow: a part of the runs of a large backup. */
export async function packRuns(request: PackRunsRequest): Promise<RunOutcome> {
  return inThisHistory(request, () => undefined);
}

/** One store of several that is away is told after some minutes, so that the others are not kept from theirs. */
export const storeTries = 12;

/** Does the runs here, or through children where they are many; tells the run's board as they finish. */
export async function workThrough(run: Run, request: PackRunsRequest): Promise<RunOutcome> {
  const report = (outcome: RunOutcome) => {
    run.add({ bytes: outcome.bytes, packs: outcome.packs });
    run.warn(...outcome.warnings);
  };
  if (request.to - request.from <= runsPerHistory) return inThisHistory(request, report);
  let sum = nothingDone;
  for (let from = request.from; from < request.to; from += runsPerHistory) {
    const part = { ...request, from, to: Math.min(from + runsPerHistory, request.to) };
    const outcome = await executeChild(packRuns, {
      args: [part],
      workflowId: `${workflowInfo().workflowId}/${partOf(request.work)}/${from}`,
      staticSummary: `${request.work.kind} runs ${part.from} to ${part.to - 1} of ${request.work.component}`,
    });
    report(outcome);
    sum = addOutcomes(sum, outcome);
  }
  return sum;
}

async function inThisHistory(request: PackRunsRequest, report: (outcome: RunOutcome) => void): Promise<RunOutcome> {
  let next = request.from;
  let sum = nothingDone;
  const worker = async () => {
    while (next < request.to) {
      const outcome = await oneRun(request.work, next++);
      report(outcome);
      sum = addOutcomes(sum, outcome);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, request.jobs) }, worker));
  return sum;
}

/** Copies into several stores go on beside each other. */
function partOf(work: PackWork): string {
  if (work.kind !== 'replicate') return `${work.kind}/${work.component}`;
  return `${work.kind}/${work.to}/${work.backupId}/${work.component}`;
}

function oneRun(work: PackWork, run: number): Promise<RunOutcome> {
  const summary = `${work.kind} ${work.component}, run ${run}`;
  const site = onSite(work.site, { summary, ...(work.kind === 'replicate' && { tries: storeTries }) });
  switch (work.kind) {
    case 'store':
      return site.storeRun({ ...work, run });
    case 'verify':
      return site.verifyRun({ ...work, run });
    case 'consolidate':
      return site.consolidateRun({ ...work, run });
    case 'lock':
      return site.lockRun({ ...work, run });
    case 'copy':
      return site.copyRun({ ...work, run });
    case 'replicate':
      return site.replicateRun({ ...work, run });
    case 'place':
      return site.placeRun({ ...work, run });
  }
}
