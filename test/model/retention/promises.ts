/**
 * What is promised of a backup, judged by what is true and not by how the plan is made: by the clock that is right, by who was made after whom, by what
 * the rules say in words. It says less than the rules where they say more; what it says must hold.
 */
import type { BackupHead } from '../../../domain/backup';
import { keepRulesOf } from '../../../domain/config/keep';
import type { KeepRules } from '../../../domain/config/types-retention';
import { isFailing } from '../../../domain/verification/proven';
import type { Seen } from './snapshot';
import { day, minute, type Truth, type World } from './world';

/** Why it may not be let go, in words; undefined when it may. @param below the store that it may have moved to */
export function promised(world: World, seen: Seen, head: BackupHead, age?: number, below?: Seen): string | undefined {
  if (!world.truths.has(head.id)) return undefined;
  if (world.held.has(head.id)) return 'it is on hold';
  if (isLocked(head, world.now)) return 'it is locked';
  return wanted(world, seen, head, age, below);
}

/** The same of what keeps it for its own sake, and not only because it may not be deleted. */
export function wanted(world: World, seen: Seen, head: BackupHead, age?: number, below?: Seen): string | undefined {
  const { store, heads } = seen;
  const truth = world.truths.get(head.id);
  if (!truth) return undefined;
  if (isAhead(head, world.now)) return 'it is dated in the future';
  if (world.pinned.has(head.id)) return 'it is pinned';
  if (truth.tier === 'law' && !head.marks) return 'it is of class compliance';
  const tier = world.config.tiers[truth.tier];
  if (below && hasMoved(world, head, below)) return undefined;
  const said = tier && keepRulesOf(tier, store.name);
  const rules = said && (age === undefined ? said : { ...said, days: Math.ceil(age / day) });
  const peers = [...heads.values()].flatMap((one): Truth[] => {
    const its = world.truths.get(one.id);
    const counts = its && its.site === truth.site && its.tier === truth.tier && one.status === 'completed';
    return counts && (one.marks === undefined) === (head.marks === undefined) && !isAhead(one, world.now) ? [its] : [];
  });
  return rules && (byRules(rules, truth, peers, world.now) ?? bySystem(rules, world, head, truth, peers, heads));
}

/** All of it is there, and nobody has found it damaged. */
function hasMoved({ config, now }: World, { id, tier = '', chain = [], endedAt, startedAt }: BackupHead, below: Seen) {
  const step = config.tiers[tier]?.move?.find(({ store }) => store === below.store.name);
  const old = step !== undefined && Date.parse(endedAt ?? startedAt) + step.after <= now;
  const damaged = (one: string) => isFailing(below.heads.get(one)?.proofs);
  const all = [...chain, id];
  return (
    old &&
    below.heads.get(id)?.status === 'completed' &&
    all.every((one) => below.whole.has(one) && below.heads.has(one) && !damaged(one))
  );
}

export function isAhead({ endedAt, startedAt }: BackupHead, now: number): boolean {
  return Date.parse(endedAt ?? startedAt) > now + 5 * minute;
}

export function isLocked({ lock }: BackupHead, now: number): boolean {
  return lock !== undefined && Date.parse(lock.until) > now;
}

function byRules(rules: KeepRules, truth: Truth, peers: Truth[], now: number): string | undefined {
  const newer = peers.filter(({ at }) => at > truth.at);
  if (newer.length < (rules.last ?? 0)) return `only ${newer.length} are newer`;
  if (rules.days !== undefined && truth.at > now - rules.days * day) return 'it is young';
  if (rules.size !== undefined && (newer.length + 1) * 10 <= rules.size) return 'it fits';
  const periods: [number | undefined, (at: number) => number, string][] = [
    [rules.hourly, (at) => Math.floor(at / 3600_000), 'hour'],
    [rules.daily, (at) => Math.floor(at / day), 'day'],
    [rules.weekly, (at) => Math.floor((at / day + 3) / 7), 'week'],
  ];
  for (const [count = 0, of, name] of periods) {
    const mine = of(truth.at);
    const later = new Set(newer.map(({ at }) => of(at)));
    if (count > 0 && !later.has(mine) && later.size < count) return `it is the newest of its ${name}`;
  }
  return undefined;
}

/** The system that is lived on has its own right: nothing of another one counts against it. */
function bySystem(
  rules: KeepRules,
  world: World,
  head: BackupHead,
  truth: Truth,
  peers: Truth[],
  heads: Seen['heads'],
): string | undefined {
  const { system } = world.database(truth.site);
  if (!head.databases || head.databases['db']?.systemIdentifier !== system) return undefined;
  const own = peers.filter(({ id }) => heads.get(id)?.databases?.['db']?.systemIdentifier === system);
  const newer = own.filter(({ at }) => at > truth.at);
  return newer.length < (rules.last ?? 0) ? `only ${newer.length} of its system are newer` : undefined;
}
