/** Verifies a sample by policy: each copy it takes on its own, and the way to a random moment; whatever becomes of one, the others follow. */
import { log, workflowInfo } from '@temporalio/workflow';
import type { SamplePlan } from '../../activities/verify/contracts';
import type { ErrorReport } from '../../domain/errors';
import {
  type SampleRequest,
  testRestoreWorkflowId,
  type VerifyRequest,
  verifyWorkflowId,
} from '../../domain/verification/requests';
import type { Sampled } from '../../domain/verification/sample';
import { verdictOf } from '../../domain/verification/verdict';
import { onSite } from '../frame/bind';
import { asChild, type ChildEnd } from '../frame/child';
import { refuse } from '../frame/failure';
import { type Maintaining, procedure } from '../frame/procedure';
import type { Run } from '../frame/run';
import { asTest, inScratch } from './test-restore';

interface Looked {
  what: string;
  verdict: 'proved' | 'failed' | 'could_not_run';
  error?: ErrorReport;
}

const kind: Maintaining<SampleRequest> = { title: 'verify sample', maintains: () => ['verification'] };

export const verifySample = procedure(kind, async (run, { site }) => {
  const plan = await run.step('choose the sample', () =>
    onSite(site, { summary: 'choose the sample', first: true }).planSample({ site }),
  );
  const looked: Looked[] = [];
  for (const copy of plan.copies) {
    const what = `${copy.backupId} in ${copy.store} (${copy.rule})`;
    looked.push(judged(what, await run.step(`verify ${what}`, () => verified(site, plan, copy))));
  }
  const { at } = plan;
  if (at !== undefined) looked.push(judged(`the way to ${at}`, await wayTo(run, site, plan, at)));
  const { seed } = plan;
  run.tell({ sample: looked.map(({ what, verdict }) => ({ what, verdict })), ...(seed !== undefined && { seed }) });
  conclude(run, site, looked);
});

async function verified(site: string, { system, level }: SamplePlan, { backupId, store }: Sampled): Promise<ChildEnd> {
  const request: VerifyRequest = { site, backup: backupId, level, store };
  const workflowId =
    level === 'test-restore' ? testRestoreWorkflowId(system, site) : verifyWorkflowId(system, site, backupId, store);
  return await asChild({ type: 'verifyBackup', workflowId, request, summary: `${level} verification of ${backupId}` });
}

/** Resolved, and all WAL on the way read; objects are verified with their backups, and nothing is placed. */
async function wayTo(run: Run, site: string, { limit }: SamplePlan, at: string): Promise<ChildEnd> {
  let end: ChildEnd = {};
  await inScratch(run, { site, limit }, async (to) => {
    const request = { ...asTest, site, backup: 'latest', at, to, dryRun: true, skipVerification: true };
    const workflowId = `${workflowInfo().workflowId}/random-time`;
    end = await run.step(`read the way to ${at}`, () =>
      asChild({ type: 'pointInTimeRestore', workflowId, request, summary: `the way to ${at}` }),
    );
  });
  return end;
}

function judged(what: string, { error }: ChildEnd): Looked {
  return error ? { what, verdict: verdictOf(error.code), error } : { what, verdict: 'proved' };
}

function conclude(run: Run, site: string, looked: Looked[]): void {
  for (const { what, verdict, error } of looked)
    if (error) run.warn(`${what}: ${verdict}: ${error.code}: ${error.message}`);
  const bad = looked.filter(({ verdict }) => verdict === 'failed');
  const unseen = looked.filter(({ verdict }) => verdict === 'could_not_run');
  const worst = bad[0] ?? unseen[0];
  if (worst?.error === undefined) return;
  log.error('a sample of backups was not proved', { site, failed: bad.length, notRun: unseen.length });
  const told = `${bad.length} of ${looked.length} failed, ${unseen.length} could not be looked at: ${worst.what}`;
  refuse(worst.error.code, `${told}: ${worst.error.message}`, ['holdfast status shows what is proved, and when']);
}
