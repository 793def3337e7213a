/** A site that cannot work now is left out, with a reason, where several were meant. */
import { randomUUID } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { workflowQueue } from '../../domain/requests';
import type { Health, HealthQuestion } from '../../domain/schedule/request';

/** A procedure that was not started. */
export interface Skipped {
  procedure: string;
  workflowId: string;
  status: 'skipped';
  reason: string;
}

/** Asks the site's agent. @returns what is wrong; undefined: nothing */
export async function whatIsWrongAt(client: Client, question: HealthQuestion): Promise<string | undefined> {
  const health: Health = await client.workflow.execute('siteCheck', {
    workflowId: `site-check/${question.site}/${randomUUID()}`,
    taskQueue: workflowQueue,
    args: [question],
    workflowExecutionTimeout: '5 minutes',
    staticSummary: `can ${question.site} work`,
  });
  return health.problems.length === 0 ? undefined : health.problems.join('; ');
}

/** Of many orders for one site: an agent that does not answer is waited for once. */
export function askedOnce<T>(ask: (question: HealthQuestion) => Promise<T>): (question: HealthQuestion) => Promise<T> {
  const answers = new Map<string, Promise<T>>();
  return (question) => {
    const key = JSON.stringify(question);
    const answer = answers.get(key) ?? ask(question);
    answers.set(key, answer);
    return answer;
  };
}
