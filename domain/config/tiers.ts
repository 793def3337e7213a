/** Tiers as they are meant: every default filled in, and what contradicts itself told. */
import { copiesOf, storesBesideCopies } from './copies';
import { keepOf } from './keep';
import type { Problem } from './problems';
import { complianceDays, keptDays } from './retention-days';
import type { ParsedConfig } from './schema';
import { immutableOf, movesOf } from './schema-storage';
import type { Milliseconds, StoreConfig, TierConfig } from './types';

type ParsedTier = ParsedConfig['tiers'][string];

/** The specification's continuous tier: every five minutes, the newest 24. */
const pointTimeout = 5 * 60_000;
const pointsKept = 24;

interface TierDefaults {
  /** Stores of what names none. */
  everyStore: string[];
  stores: Record<string, StoreConfig>;
  retentionDays: number;
  copiedWithin: Milliseconds;
}

export function tierOf(
  parsed: ParsedTier,
  { everyStore, stores, retentionDays, copiedWithin }: TierDefaults,
): TierConfig {
  const { copies: _, immutable: locked, move, ...rest } = parsed;
  const tier = { ...rest, ...copiesOf(parsed, copiedWithin) };
  const to = tier.to ?? storesBesideCopies(parsed, everyStore);
  const keep = keepOf(parsed.keep, stores, retentionDays);
  const days = parsed.retentionClass === 'compliance' ? complianceDays : keptDays(keep) || retentionDays;
  const immutable = immutableOf(locked, days);
  const moves = move && movesOf(move);
  const storage = { ...(immutable && { immutable }), ...(moves && { move: moves }) };
  if (tier.type !== 'point') return { ...tier, ...storage, to, keep };
  const timeout = tier.timeout ?? tier.every ?? pointTimeout;
  return { ...tier, ...storage, to, timeout, keep: { last: tier.keep?.last ?? pointsKept, stores: {} } };
}

export function tierProblems(name: string, { schedule, every, type }: ParsedTier): Problem[] {
  if (schedule === undefined) return [];
  if (every !== undefined) return [{ path: ['tiers', name, 'every'], message: 'expected either schedule or every' }];
  // How old the newest may be is known only where the pace is.
  const message = 'expected every, for example 5m: a recovery point is made at a pace';
  return type === 'point' ? [{ path: ['tiers', name, 'schedule'], message }] : [];
}
