/**
 * The timer of a site for what is locked and wanted by nobody: when the lock ends it starts the site's retention, which looks anew and decides by the stores'
 * own clocks. That run says what comes next; when it says nothing, nothing is left to wait for.
 *
 * Guaranteed: one for a site; nothing but the next end is remembered, and never for longer than a month in one history. Not guaranteed: the second in
 * which something goes. Whoever cancels it leaves the rest to the next run of retention, which starts it again.
 */
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  ChildWorkflowCancellationType,
  condition,
  continueAsNew,
  defineSignal,
  isCancellation,
  log,
  ParentClosePolicy,
  patched,
  setCurrentDetails,
  setHandler,
  startChild,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import { troubleNotice } from '../../domain/notifications/alerts';
import { type AwaitedUnlock, retentionWorkflowId, type UnlockRequest } from '../../domain/retention/requests';
import { attributes } from '../frame/attributes';
import { reportOf } from '../frame/failure';
import { alert } from '../frame/notices';
import type { applyRetention } from './apply-retention';

export const nextUnlockSignal = defineSignal<[AwaitedUnlock]>('nextUnlock');

/** So that new code is taken up, though locks last for years. */
const longest = 30 * 86_400_000;
const afterBusy = 60_000;
const afterFailure = 3_600_000;
const atMost = 86_400_000;
/** Runs from before this told only the log. */
const toldToPeople = 'alerts';
/** Clocks of services tell whole seconds. */
const margin = 1000;

export async function expireAtUnlock({ site, next, failures = 0 }: UnlockRequest): Promise<void> {
  let told: AwaitedUnlock | undefined;
  let waiting = true;
  setHandler(nextUnlockSignal, (found) => {
    // Every run of retention tells; only what is new is worth another history. After the end it means that it is not over yet.
    if (!waiting || !isSame(found, next)) told = found;
  });
  upsertSearchAttributes([
    { key: attributes.procedure, value: 'expiry at unlock' },
    { key: attributes.site, value: site },
  ]);
  const { due } = next;
  setCurrentDetails(`**retention** (${site}) goes on by itself: ${describe(next)}`);
  const wait = Math.max(0, due - Date.now()) + margin;
  const summary = describe(next);
  if (await condition(() => told !== undefined, Math.min(wait, longest), { summary }))
    await continueAsNew<typeof expireAtUnlock>({ site, next: told ?? next });
  if (wait > longest) await continueAsNew<typeof expireAtUnlock>({ site, next, failures });

  waiting = false;
  setCurrentDetails(`**retention** (${site}) runs: ${describe(next)}`);
  const again = await retain(site, failures);
  if (again === undefined && told === undefined) return; // nothing is locked any more that would go
  if (again === undefined) await continueAsNew<typeof expireAtUnlock>({ site, next: told ?? next });
  else
    await continueAsNew<typeof expireAtUnlock>({
      site,
      next: { ...next, due: Date.now() + again.inMs },
      failures: again.failures,
    });
}

/** Undefined: it did what was due. */
async function retain(site: string, failures: number): Promise<{ inMs: number; failures: number } | undefined> {
  const system = workflowInfo().workflowId.split('/')[1] ?? '';
  try {
    const child = await startChild<typeof applyRetention>('applyRetention', {
      args: [{ site }],
      workflowId: retentionWorkflowId(system, site),
      staticSummary: `retention of ${system} ${site}, since a lock has ended`,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
      parentClosePolicy: ParentClosePolicy.ABANDON,
      cancellationType: ChildWorkflowCancellationType.ABANDON,
    });
    await child.result();
    return undefined;
  } catch (error) {
    if (isCancellation(error)) throw error;
    // It may have looked before the lock ended.
    if (error instanceof WorkflowExecutionAlreadyStartedError) return { inMs: afterBusy, failures };
    const { message, code } = reportOf(error);
    log.error(`a lock has ended, and the retention of ${site} failed: ${message}`);
    // Those that follow are of the same trouble.
    if (failures === 0 && patched(toldToPeople)) {
      const trouble = { site, work: 'retention', workflowId: retentionWorkflowId(system, site), reason: message, code };
      await alert(site, () => troubleNotice('failed', { system, ...trouble }));
    }
    return { inMs: Math.min(atMost, afterFailure * 2 ** failures), failures: Math.min(failures + 1, 10) };
  }
}

function isSame(one: AwaitedUnlock, other: AwaitedUnlock): boolean {
  return one.store === other.store && one.backupId === other.backupId && one.until === other.until;
}

function describe({ what, backupId, store, until }: AwaitedUnlock): string {
  const end = until.slice(0, 19).replace('T', ' ');
  return what === 'lock'
    ? `${backupId} in ${store} is locked until ${end}`
    : `${backupId} in ${store} cools off until ${end}`;
}
