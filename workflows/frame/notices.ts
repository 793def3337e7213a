/**
 * Tells people beside the work. Guaranteed: no notice fails, undoes or aborts what it tells of, and it goes out although the run is aborted; every attempt has the
 * occasion (workflow, run and step) in common. Not guaranteed: that it arrives: it is tried for under a minute, and then it is a warning and an alert.
 */
import { CancellationScope, log, workflowInfo } from '@temporalio/workflow';
import { isToTell } from '../../domain/notifications/alerts';
import type { Addressed, Delivery, Notice } from '../../domain/notifications/notice';
import { onControl } from './bind';
import { reportOf } from './failure';

const attempts = 3;
const giveUpAfter = '45 seconds';

/** @param step what of the run it is told by @returns a line for each target that could not be told */
export async function tell({ targets, notice }: Addressed, step: string): Promise<string[]> {
  const at = new Date().toISOString();
  const { workflowId, runId } = workflowInfo();
  const occasion = `${workflowId}/${runId}/${step}`;
  return await CancellationScope.nonCancellable(async () => {
    const lines = await Promise.all(targets.map((target) => tellOne({ target, notice, occasion, at })));
    return lines.flat();
  });
}

async function tellOne(delivery: Delivery): Promise<string[]> {
  const { target, notice } = delivery;
  const summary = `tell ${target}: ${notice.subject}`.slice(0, 200);
  try {
    await onControl({ summary, giveUpAfter, tries: attempts }).deliverNotice(delivery);
    return [];
  } catch (error) {
    const line = `"${notice.subject}" did not reach ${target}: ${reportOf(error).message}`;
    log.error(line);
    return [line];
  }
}

/** To all that hear of alerts, unless they heard of the same not long ago. @returns when they were told last, RFC 3339; undefined: nobody is */
export async function alert(site: string, noticeOf: (system: string) => Notice): Promise<string | undefined> {
  const summary = 'who hears of alerts';
  try {
    const { system, targets, toldAt } = await CancellationScope.nonCancellable(() =>
      onControl({ summary, giveUpAfter, tries: attempts }).alertTargets({ site }),
    );
    if (targets.length === 0) return undefined;
    if (toldAt !== undefined && !isToTell(toldAt, Date.now())) return toldAt;
    const notice = noticeOf(system);
    await tell({ targets, notice }, notice.event);
    return new Date().toISOString();
  } catch (error) {
    log.error(`nobody could be told of an alert of ${site}: ${reportOf(error).message}`);
    return undefined;
  }
}
