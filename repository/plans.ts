/**
 * Plans of runs. A generation's plan counts as a whole: its runs are written below a name of their own, and then one conditional
 * put says whose plan it is. Two planners at once (one of them a zombie) can therefore never mix theirs.
 */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import { HoldfastError } from '../domain/errors';
import type { PlanSummary, RunPlan } from '../domain/pack';
import type { RepositoryCopy } from './copy';
import { getSealed, getSealedIfThere, putSealed } from './documents';
import { type GenerationRef, planFolder, runName } from './names';
import { runPlanSchema } from './schemas/pack';

const natural = z.int().nonnegative();

export interface PlanHead {
  attempt: string;
  summary: PlanSummary;
}

const planHeadSchema: z.ZodType<PlanHead> = z.looseObject({
  attempt: z.string(),
  summary: z.looseObject({
    runs: natural,
    packs: natural,
    files: natural,
    bytes: natural,
    lastFrom: natural,
    skipped: z.array(z.looseObject({ path: z.string(), reason: z.string() })),
  }),
});

export class PlanWriter {
  readonly #attempt = randomBytes(8).toString('hex');

  constructor(
    private readonly copy: RepositoryCopy,
    private readonly generation: GenerationRef,
  ) {}

  async putRun(plan: RunPlan): Promise<void> {
    await putSealed(this.copy, runPlanKey(this.generation, this.#attempt, plan.run), plan, { ifAbsent: true });
  }

  /** Publishes the plan, unless another planner was first. Whose summary comes back is whose plan is carried out. */
  async publish(summary: PlanSummary): Promise<PlanSummary> {
    const mine: PlanHead = { attempt: this.#attempt, summary };
    await putSealed(this.copy, headKeyOf(this.generation), mine, { ifAbsent: true });
    const winner = await findPlan(this.copy, this.generation);
    return winner?.summary ?? summary;
  }
}

/** Undefined as long as no plan of that generation has been published. */
export async function findPlan(copy: RepositoryCopy, generation: GenerationRef): Promise<PlanHead | undefined> {
  return await getSealedIfThere(copy, headKeyOf(generation), planHeadSchema);
}

/** @param head saves reading it again for every run */
export async function getRunPlan(
  copy: RepositoryCopy,
  generation: GenerationRef,
  run: number,
  head?: PlanHead,
): Promise<RunPlan> {
  const { attempt } = head ?? (await findPlan(copy, generation)) ?? missing(generation);
  return await getSealed(copy, runPlanKey(generation, attempt, run), runPlanSchema);
}

function missing(generation: GenerationRef): never {
  throw new HoldfastError('object_not_found', 'the plan of the backup is not in the store', {
    where: planFolder(generation),
  });
}

function headKeyOf(generation: GenerationRef): string {
  return `${planFolder(generation)}head`;
}

function runPlanKey(generation: GenerationRef, attempt: string, run: number): string {
  return `${planFolder(generation)}${attempt}/${runName(run)}`;
}
