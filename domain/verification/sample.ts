/** Which copies of which backups a sample takes. */
import type { BackupHead } from '../backup';
import { isPoint } from '../recovery-points';
import type { SamplingRule } from './policy';
import { type Chance, oneOf } from './seeded';

/** A backup as one store holds it. */
export interface Copied {
  store: string;
  head: Pick<BackupHead, 'id' | 'startedAt' | 'chain'>;
}

export interface Sampled {
  /** The first rule that takes it. */
  rule: Exclude<SamplingRule, 'random-time'>;
  backupId: string;
  store: string;
}

/** Each copy once, however many rules take it. @param copies completed ones, in the order of stores and, within one, oldest first */
export function chooseSample(copies: Copied[], rules: SamplingRule[], chance: Chance): Sampled[] {
  const taken = new Map<string, Sampled>();
  for (const rule of rules) {
    if (rule === 'random-time') continue;
    for (const { store, head } of byRule[rule](copies, chance)) {
      const key = `${store}/${head.id}`;
      if (!taken.has(key)) taken.set(key, { rule, backupId: head.id, store });
    }
  }
  return [...taken.values()];
}

/** The newest backup that a site could take over from another one, and the first store that has it. */
export function newestElsewhere(
  site: string,
  lists: { store: string; heads: BackupHead[] }[],
): (BackupHead & { store: string }) | undefined {
  const foreign = lists.flatMap(({ store, heads }) =>
    heads.flatMap((head) =>
      head.site === site || head.status !== 'completed' || isPoint(head) ? [] : [{ ...head, store }],
    ),
  );
  return foreign.reduce<(typeof foreign)[number] | undefined>(
    (best, one) => (best === undefined || one.startedAt > best.startedAt ? one : best),
    undefined,
  );
}

const byRule: Record<Sampled['rule'], (copies: Copied[], chance: Chance) => Copied[]> = {
  latest: (copies) => some(newest(copies)),
  random: (copies, chance) => some(oneOf(copies, chance)),
  'oldest-chain': oldestChain,
  'each-store': (copies) =>
    storesOf(copies).flatMap((store) => some(newest(copies.filter((one) => one.store === store)))),
};

/** The end of the chain whose beginning is the oldest: with it all that it builds upon is verified. */
function oldestChain(copies: Copied[]): Copied[] {
  const chained = copies.filter(({ head }) => head.chain !== undefined);
  const rootOf = ({ head }: Copied): string => head.chain?.[0] ?? head.id;
  const starts = new Map(copies.map(({ head }) => [head.id, head.startedAt]));
  const startOf = (one: Copied): string => starts.get(rootOf(one)) ?? '';
  const oldest = chained.toSorted((a, b) => compare(startOf(a), startOf(b)))[0];
  return oldest === undefined ? [] : some(newest(chained.filter((one) => rootOf(one) === rootOf(oldest))));
}

/** Of the same backup in several stores the first. */
function newest(copies: Copied[]): Copied | undefined {
  return copies.reduce<Copied | undefined>(
    (best, one) => (best === undefined || one.head.startedAt > best.head.startedAt ? one : best),
    undefined,
  );
}

function storesOf(copies: Copied[]): string[] {
  return [...new Set(copies.map(({ store }) => store))];
}

function some<T>(one: T | undefined): T[] {
  return one === undefined ? [] : [one];
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
