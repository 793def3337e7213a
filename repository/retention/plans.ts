/** The last plan of each site, in every store: `retention/plans/<site>.json`. It says what is to go, and how much is to be there the next time. */
import { z } from 'zod';
import { isHoldfastError } from '../../domain/errors';
import type { StorePlan } from '../../domain/retention/types';
import type { RepositoryCopy } from '../copy';
import { readJson } from '../crypto/sealed-bytes';

export interface StoredPlan {
  format: 1;
  site: string;
  /** By the clock of the store that comes first. */
  at: string;
  /** Of the procedure that made it. */
  run: string;
  plans: Pick<StorePlan, 'store' | 'known' | 'decisions' | 'wal' | 'going'>[];
}

const reason = z.looseObject({ kind: z.string(), until: z.string().optional(), by: z.string().optional() });
const decision = z.looseObject({
  backupId: z.string(),
  action: z.enum(['keep', 'expire', 'remove', 'move']),
  reasons: z.array(reason),
});
const need = z.looseObject({
  component: z.string(),
  systemIdentifier: z.string(),
  windows: z.array(z.looseObject({ timeline: z.int(), from: z.string() })),
  spans: z.array(z.looseObject({ timeline: z.int(), from: z.string(), to: z.string(), backupId: z.string() })),
});
const going = z.looseObject({
  backupId: z.string(),
  tier: z.string().optional(),
  storedBytes: z.number(),
  why: z.string(),
});
const planSchema = z.looseObject({
  format: z.literal(1),
  site: z.string(),
  at: z.iso.datetime(),
  run: z.string(),
  plans: z.array(
    z.looseObject({
      store: z.string(),
      known: z.array(z.string()),
      decisions: z.array(decision),
      wal: z.array(need),
      going: z.array(going).optional(),
    }),
  ),
}) as unknown as z.ZodType<StoredPlan>;

export async function putPlan(copies: RepositoryCopy[], plan: StoredPlan): Promise<void> {
  const body = Buffer.from(`${JSON.stringify(plan)}\n`);
  for (const { store } of copies) await store.put(planKey(plan.site), body);
}

/** @throws HoldfastError `object_not_found`, `invalid_backup` */
export async function getPlan({ store }: RepositoryCopy, site: string): Promise<StoredPlan> {
  const key = planKey(site);
  return readJson(await store.get(key), planSchema, `${store.name}:${key}`);
}

/** Ids that were known to be in each store, by the newest plan that any has. One that cannot be read is as none. */
export async function rememberedIds(copies: RepositoryCopy[], site: string): Promise<Map<string, string[]>> {
  let newest: StoredPlan | undefined;
  for (const copy of copies) {
    const plan = await getPlan(copy, site).catch((error: unknown) => {
      if (isHoldfastError(error) && error.retryable) throw error;
      return undefined;
    });
    if (plan && (newest === undefined || plan.at > newest.at)) newest = plan;
  }
  return new Map(newest?.plans.map(({ store, known }) => [store, known]));
}

export function planKey(site: string): string {
  return `retention/plans/${site}.json`;
}
