/** Levels of storage, locks and moving down: what `stores.*.level|thaw` and `tiers.*.immutable|move` look like, and what is left open. */
import { z } from 'zod';
import { lockModes } from '../backup';
import { thawTiers } from '../storage';
import type { Problem } from './problems';
import { duration, name } from './schema-values';
import { type ImmutableConfig, type StoreConfig, storageClasses, storageLevels, type ThawConfig } from './types';
import type { MoveConfig } from './types-moves';

export const levelSchema = z
  .enum(storageLevels)
  .describe('hot: local; warm: remote; cold: read seldom; archive: thawed before it is read, locked for a year');

const day = 86_400_000;

export const thawSchema = z
  .strictObject({
    tier: z.enum(thawTiers).default('Bulk').describe('how fast, and how dear'),
    days: z.int().min(1).max(365).default(7).describe('how long what was thawed can be read'),
    // Half as long again as the service says of the slowest: it keeps its word for nearly all requests.
    wait: duration.default(3 * day).describe('a restore gives up after so long'),
  })
  .refine(({ days, wait }) => days * day >= wait, {
    path: ['days'],
    message: 'expected at least as long as wait: what is thawed first would freeze again before the last is',
  });

export const immutableSchema = z.union(
  [
    z.literal(true),
    z.strictObject({
      mode: z
        .enum(lockModes)
        .default('compliance')
        .describe('compliance: nobody lifts it; governance: who has the right to'),
      for: duration.optional().describe('absent: as long as the tier keeps'),
      provisional: duration
        .optional()
        .describe('of what is stored before the backup counts; absent: 24h, or `for` where that is less'),
    }),
  ],
  'expected true, or mode and for, for example { mode: compliance, for: 365d }',
);

/** Levels that are colder than where a backup begins. */
const moveTo = ['cold', 'archive'] as const;

export const moveSchema = z
  .array(
    z
      .strictObject({
        after: duration,
        to: z.enum(moveTo).optional().describe('the class of that level: GLACIER_IR, DEEP_ARCHIVE'),
        class: z.enum(storageClasses).optional().describe('instead of a level'),
        store: name.optional().describe('another store: it goes from the one it is in when its copy there is whole'),
      })
      .refine(
        (one) => [one.to, one.class, one.store].filter((way) => way !== undefined).length === 1,
        'expected either to or class, or a store',
      ),
  )
  .min(1, 'expected at least one move');

const provisional = day;

type Immutable = z.output<typeof immutableSchema>;

export function immutableOf(immutable: Immutable | undefined, keepDays: number): ImmutableConfig | undefined {
  if (immutable === undefined) return undefined;
  const wish = immutable === true ? { mode: 'compliance' as const } : immutable;
  const period = ('for' in wish ? wish.for : undefined) ?? keepDays * day;
  const before = ('provisional' in wish ? wish.provisional : undefined) ?? provisional;
  return { mode: wish.mode, for: period, provisional: Math.min(before, period) };
}

export function thawOf(thaw: z.output<typeof thawSchema> | undefined): ThawConfig {
  return thaw ?? thawSchema.parse({});
}

/** Classes that a level stands for where none is named. */
const classOfLevel = { hot: undefined, warm: undefined, cold: 'GLACIER_IR', archive: 'DEEP_ARCHIVE' } as const;

export function classOf(store: Pick<Extract<StoreConfig, { kind: 's3' }>, 'level' | 'storageClass'>) {
  return store.storageClass ?? (store.level && classOfLevel[store.level]);
}

/** Nothing in it can be read at once. */
export function isFrozenStore(store: StoreConfig | undefined): boolean {
  return store?.kind === 's3' && (store.storageClass === 'GLACIER' || store.storageClass === 'DEEP_ARCHIVE');
}

interface StorageOfTier {
  type: string;
  to: string[];
  immutable?: ImmutableConfig;
  move?: MoveConfig[];
  copies?: { to: string[] };
}

/** What contradicts the stores that the tier goes to. */
export function storageProblems(name: string, tier: StorageOfTier, stores: Record<string, StoreConfig>): Problem[] {
  const at = (key: string, message: string): Problem => ({ path: ['tiers', name, key], message });
  const problems: Problem[] = [];
  const first = tier.to[0] ?? '';
  // Packs are read back from where they are written: by verification, by a retry, by what builds upon them.
  if (isFrozenStore(stores[first]))
    problems.push(
      at('to', `expected a store that can be read at once as the first: ${first} is an archive, and gets copies`),
    );
  if (tier.immutable !== undefined && tier.type === 'point')
    problems.push(at('immutable', 'expected none with type point: of recovery points only the newest are kept'));
  if (tier.immutable !== undefined) {
    // A medium that is taken out needs no lock.
    const cannot = ({ kind, level }: StoreConfig) => kind === 'dir' && level !== 'archive';
    const everywhere = [...tier.to, ...(tier.copies?.to ?? [])];
    const unlockable = everywhere.filter((name) => stores[name] !== undefined && cannot(stores[name]));
    if (unlockable.length > 0)
      problems.push(
        at('immutable', `expected stores that can lock: ${unlockable.join(', ')} cannot, being a directory`),
      );
  }
  if (tier.move?.[0]?.class !== undefined && tier.to.every((store) => stores[store]?.kind === 'dir'))
    problems.push(at('move', 'expected a store of kind s3 in the tier: a directory has no classes'));
  return problems;
}

/** With the class of a level in place of it, the youngest first. */
export function movesOf(moves: z.output<typeof moveSchema>): MoveConfig[] {
  return moves
    .map(({ after, store, class: named, to = 'cold' }) =>
      store === undefined ? { after, class: named ?? classOfLevel[to] } : { after, store },
    )
    .toSorted((a, b) => a.after - b.after);
}
