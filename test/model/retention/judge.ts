/** Looks at the stores before and after a run of retention, and says what should not have happened. */
import type { BackupHead } from '../../../domain/backup';
import { archived } from './archived';
import { isAhead, promised } from './promises';
import { lostMoments, lostPoints } from './recoverable';
import type { Outcome } from './retention';
import type { Seen } from './snapshot';
import { day, type World } from './world';

export interface Judged {
  site: string;
  age?: number;
  outcome: Outcome;
  before: Seen[];
  after: Seen[];
  /** A refusal that this run had coming. */
  mayRefuse: boolean;
}

export function judge(world: World, judged: Judged): string[] {
  const { outcome, mayRefuse, before, after } = judged;
  const faults: string[] = [];
  if (typeof outcome === 'object' && !mayRefuse) faults.push(`refused without a reason: ${outcome.refused}`);
  for (const [at, was] of before.entries()) {
    const is = after[at] as Seen;
    const say = (what: string) => faults.push(`${was.store.name}: ${what}`);
    const all = withNew(was, is);
    const below = after.find(({ store }) => store !== is.store && movesTo(world, store.name));
    expired(world, all, is, { ...judged, below }, say);
    removed(world, was, is, say);
    archived(world, was, is, { ...judged, below }, say);
    fewest(world, all, is, judged.site, say);
    chains(was, is, say);
    lostMoments(world, was, is, say, below);
    lostPoints(world, was, is, say);
  }
  return faults;
}

/** What was published meanwhile counts too. */
function withNew(was: Seen, is: Seen): Seen {
  const published = [...is.heads].filter(([id, { status }]) => !was.heads.has(id) && status === 'completed');
  return { ...was, heads: new Map([...was.heads, ...published]) };
}

type Say = (what: string) => void;

function movesTo({ config }: World, name: string): boolean {
  return Object.values(config.tiers).some(({ move = [] }) => move.some(({ store }) => store === name));
}

function expired(world: World, was: Seen, is: Seen, judged: Judged & { below?: Seen }, say: Say): void {
  const { site, age, below } = judged;
  for (const [id, head] of was.heads) {
    if (head.status !== 'completed' || is.heads.get(id)?.status === 'completed') continue;
    if (head.site !== site) say(`${id} is of another site and ${is.heads.get(id)?.status ?? 'gone'}`);
    const why = promised(world, was, head, age, below) ?? (was.leased.has(id) ? 'somebody uses it' : undefined);
    if (why !== undefined) say(`${id} is ${is.heads.get(id)?.status ?? 'gone'}, although ${why}`);
    const child = [...is.heads.values()].find(
      (one) => one.status === 'completed' && was.heads.has(one.id) && one.chain?.includes(id),
    );
    if (child) say(`${id} is ${is.heads.get(id)?.status ?? 'gone'}, although ${child.id} builds upon it`);
  }
}

function removed(world: World, was: Seen, is: Seen, say: Say): void {
  for (const [id, head] of was.heads) {
    if (is.whole.has(id) || !was.whole.has(id)) continue;
    const because = (why: string) => say(`objects of ${id} are gone, although ${why}`);
    if (head.status === 'completed') because('it was offered a moment ago');
    if (head.status === 'expired' && Date.parse(head.expiredAt ?? '') + day > world.now)
      because('it had not cooled off');
    if (world.pinned.has(id)) because('it is pinned');
    if (world.held.has(id)) because('it is on hold');
    if (was.leased.has(id)) because('somebody uses it');
    if (head.lock && Date.parse(head.lock.until) > world.now) because('it is locked');
    if (isAhead(head, world.now)) because('it is dated in the future');
  }
}

/** Counts of each component, and what was the best of each. */
function fewest(world: World, was: Seen, is: Seen, site: string, say: Say): void {
  const completed = (seen: Seen, name: string) =>
    [...seen.heads.values()].filter(
      (head) => head.site === site && head.status === 'completed' && !head.marks && head.components[name],
    );
  for (const name of ['db', 'files']) {
    const counted = completed(was, name).filter((head) => !isAhead(head, world.now));
    const left = new Set(completed(is, name).map(({ id }) => id));
    const stay = counted.filter(({ id }) => left.has(id));
    const { minimum } = world.config.retention;
    if (stay.length < Math.min(minimum, counted.length))
      say(`${stay.length} backups of ${name} are left of ${counted.length}`);
    const newest = newestOf(world, counted);
    if (newest && !left.has(newest.id)) say(`the last backup of ${name} is gone: ${newest.id}`);
    if (name === 'db') {
      const { system } = world.database(site);
      const own = newestOf(
        world,
        counted.filter(({ databases }) => databases?.['db']?.systemIdentifier === system),
      );
      if (own && !left.has(own.id)) say(`the last backup of the system that is lived on is gone: ${own.id}`);
    }
    const proven = counted.filter((head) => isProven(world, was, head));
    if (proven.length > 0 && !proven.some(({ id }) => left.has(id))) say(`no proven backup of ${name} is left`);
  }
}

/** It was restored and asked, and neither it nor what it builds upon was found wrong since. What was never more than read proves nothing. */
function isProven(world: World, { store }: Seen, { id, chain = [] }: BackupHead): boolean {
  const of = (one: string) => world.shown.get(`${store.name}/${one}`) ?? {};
  const { proven } = of(id);
  return proven !== undefined && [id, ...chain].every((one) => (of(one).wrong ?? 0) < proven);
}

function newestOf(world: World, heads: BackupHead[]): BackupHead | undefined {
  const at = ({ id }: BackupHead) => world.truths.get(id)?.at ?? 0;
  return heads.reduce<BackupHead | undefined>((a, b) => (a && at(a) >= at(b) ? a : b), undefined);
}

/** Whatever is offered can be restored: it and all that it builds upon are there. */
function chains(was: Seen, is: Seen, say: Say): void {
  for (const [id, { status, chain = [] }] of is.heads) {
    if (status !== 'completed') continue;
    if (!is.whole.has(id)) say(`${id} is offered, and not whole`);
    const known = was.heads.has(id);
    const missing = chain.find((one) => !is.whole.has(one) && (!known || was.whole.has(one)));
    if (missing) say(`${id} is offered, and ${missing}, which it builds upon, is not there`);
  }
}
