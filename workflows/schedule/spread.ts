/**
 * After an outage of the engine all that was missed starts in the same moment: the engine adds its jitter to when a run is due, and that has passed by then.
 * Such a run draws a time of its own and waits for it, before it asks anything of its site or of a store.
 *
 * Not guaranteed: that runs which an outage shorter than their jitter delayed are spread again; nobody tells them when in it they were due.
 */
import { log, patched, setCurrentDetails, sleep, workflowInfo } from '@temporalio/workflow';
import type { ScheduledRequest } from '../../domain/schedule/request';

/** An engine with much to start needs a while for it: that is no outage. */
const slackMs = 60_000;

/** @param stands who waits here keeps no place at a store from anybody who could work */
export async function spreadOut(
  { site, work, jitterMs = 0 }: ScheduledRequest,
  stands: (place: 'waiting' | 'blocked') => void,
): Promise<void> {
  if (jitterMs === 0 || lateMs() <= jitterMs + slackMs || !patched('spread after an outage')) return;
  const pause = Math.max(1, Math.floor(Math.random() * jitterMs));
  stands('blocked');
  setCurrentDetails(`**${work}** (${site}): it was missed, and waits apart from what was missed as well`);
  log.info(`${work} of ${site} was missed: it begins in ${Math.round(pause / 1000)} s, apart from others`);
  await sleep(pause, { summary: 'apart from what was missed as well' });
  stands('waiting');
}

/** Since when it was due, without jitter; 0: no schedule started it. */
function lateMs(): number {
  const { startTime, searchAttributes } = workflowInfo();
  const due = searchAttributes['TemporalScheduledStartTime']?.[0];
  return due === undefined ? 0 : startTime.getTime() - new Date(String(due)).getTime();
}
