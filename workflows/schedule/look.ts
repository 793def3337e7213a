/** Whether a site can work: its agent is there, and finds what the work needs. */
import { isCancellation, log, proxyActivities, sleep } from '@temporalio/workflow';
import type { SiteActivities } from '../../activities/contracts';
import { siteQueue } from '../../domain/requests';
import type { Health, HealthQuestion } from '../../domain/schedule/request';
import { processIsGone, reportOf } from '../frame/failure';

/** What restarts is given the time for it. */
const looks = 3;
const between = '10 seconds';

export async function lookAtSite(question: HealthQuestion): Promise<Health> {
  for (let look = 1; ; look++) {
    const health = await lookOnce(question);
    if (health.problems.length === 0 || look === looks) return health;
    log.warn(`${question.site} is not well: ${health.problems.join('; ')}`);
    await sleep(between, { summary: 'before the next look' });
  }
}

async function lookOnce(question: HealthQuestion): Promise<Health> {
  const { siteHealth } = proxyActivities<Pick<SiteActivities, 'siteHealth'>>({
    taskQueue: siteQueue(question.site),
    summary: 'look at the site',
    scheduleToStartTimeout: '15 seconds',
    startToCloseTimeout: '1 minute',
    heartbeatTimeout: '6 seconds',
    retry: { maximumAttempts: 1 },
  });
  try {
    return await siteHealth(question);
  } catch (error) {
    if (isCancellation(error)) throw error;
    const why = processIsGone(error) ? `the agent of ${question.site} does not answer` : reportOf(error).message;
    return { problems: [why], warnings: [] };
  }
}

/** For whoever wants to know before anything is started: what is not well is left out, and that is told as loudly as by a schedule. */
export async function siteCheck(question: HealthQuestion): Promise<Health> {
  const health = await lookOnce(question);
  if (health.problems.length > 0) log.error(`${question.site} is left out: ${health.problems.join('; ')}`);
  return health;
}
