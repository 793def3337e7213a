/** What the sampling policy takes this time. */
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import { isPoint } from '../../domain/recovery-points';
import type { SampleRequest } from '../../domain/verification/requests';
import { type Copied, chooseSample } from '../../domain/verification/sample';
import { seeded } from '../../domain/verification/seeded';
import { listHeads } from '../../repository/heads';
import type { SiteContext } from '../context';
import type { SamplePlan } from './contracts';
import { holdMoment } from './hold-moment';

/** By the run's id: a retry takes the same sample. */
export async function planSample(context: SiteContext, { site }: SampleRequest): Promise<SamplePlan> {
  const { system, verification } = context.config;
  const { copies, unavailable } = await context.repository();
  if (copies.length === 0 && unavailable[0]) throw unavailable[0].error;
  const seed = activityInfo().workflowExecution?.runId ?? '';
  const chance = seeded(seed);
  const held: Copied[] = [];
  for (const copy of copies) {
    const { heads } = await listHeads(copy, cancellationSignal());
    for (const { id, startedAt, chain, ...head } of heads) {
      if (head.site !== site || head.status !== 'completed' || isPoint(head)) continue;
      held.push({ store: copy.store.name, head: { id, startedAt, chain } });
    }
  }
  const { sample, level, limit } = verification;
  const at =
    sample.includes('random-time') && held.length > 0 ? await holdMoment(context, 'latest', chance) : undefined;
  return { system, level, limit, seed, copies: chooseSample(held, sample, chance), ...(at !== undefined && { at }) };
}
