/** The plan for the backups of a site in one store: of each what happens to it, and why. */
import type { BackupHead } from '../backup';
import { complianceDays } from '../config/retention-days';
import { isPoint } from '../recovery-points';
import { withArchived } from './archived';
import { everFurtherApart } from './growing';
import { guarded } from './guards';
import { linesOf } from './lineages';
import { Needs } from './needs';
import { isFuture, newestFirst, type Ordered, recordedAt } from './order';
import { keptByRules } from './rules';
import { soundIn } from './sound';
import { standsFor } from './standing';
import type { Action, Below, Decision, PlanOptions, Policy, Reason, StoreView } from './types';
import { beginningsOfWindow } from './window';

const day = 24 * 3600_000;

interface Draft {
  head: BackupHead;
  action: Action;
  reasons: Reason[];
}

/** Oldest first. Touches nothing of other sites, and keeps what they build upon. */
export function planStore(view: StoreView, options: PlanOptions): Decision[] {
  const { now } = view;
  const { timelines = new Map() } = options;
  const own = view.heads.filter(({ site }) => site === options.site);
  const ordered = newestFirst(own, now);
  const completed = ordered.filter(({ head }) => head.status === 'completed');
  const reasons = new Reasons();
  const below = new Map(own.map((head) => [head.id, options.below?.(head)]));
  const wanted = (backups: Ordered[]) =>
    wantedByRules(backups, options, now).filter(([{ head }]) => below.get(head.id)?.state !== 'whole');
  for (const [{ head }, reason] of wanted(completed)) reasons.add(head.id, reason);
  for (const [{ head }, reason] of guarded(ordered, own, options.retention.minimum)) reasons.add(head.id, reason);
  if (options.retention.wal !== undefined) {
    const backups = completed.filter(({ head }) => !isPoint(head));
    const window = { from: now - options.retention.wal, timelines, isSound: soundIn(own) };
    for (const { head } of beginningsOfWindow(backups, window)) reasons.add(head.id, { kind: 'window' });
  }
  for (const head of own) {
    const { to, state } = below.get(head.id) ?? {};
    if (state === 'lacking' || state === 'unseen') reasons.add(head.id, { kind: 'moving', by: to });
    for (const reason of [...standsFor(head, view), ...(isFuture(head, now) ? [{ kind: 'future' } as const] : [])])
      reasons.add(head.id, reason);
  }
  const drafts = own.map((head) => draft(head, reasons.of(head.id), options, now, below.get(head.id)));
  const ids = (one: Draft) => one.head.id;
  const decisions = closed(drafts, view, options)
    .map((one) => ({ one, at: recordedAt(one.head) }))
    .sort((a, b) => a.at - b.at || (ids(a.one) < ids(b.one) ? -1 : 1))
    .map(({ one }) => ({ backupId: ids(one), action: one.action, reasons: one.reasons }));
  const wantedWithout = (going: ReadonlySet<string>) =>
    new Set(wanted(completed.filter(({ head }) => !going.has(head.id))).map(([{ head }]) => head.id));
  return withArchived(decisions, view, { ...options, wantedWithout });
}

/** Each tier's row by its own rules; points never count among backups. @param completed newest first */
export function wantedByRules(completed: Ordered[], { policyOf }: PlanOptions, now: number): [Ordered, Reason][] {
  const rows = Map.groupBy(completed, ({ head }) => `${head.tier ?? ''}/${isPoint(head)}`);
  return [...rows.values()].flatMap((row) => {
    const policy = policyOf((row[0] as Ordered).head);
    const { forgotten } = policy;
    if (forgotten !== undefined) return row.map((one) => [one, { kind: 'tier', by: forgotten }]);
    const kept = linesOf(row).flatMap((line) => keptByRules(line, policy.rules, now));
    return [...kept, ...byCompliance(row, policy, now), ...byGrowing(row, policy, kept, now)];
  });
}

function byCompliance(row: Ordered[], { compliance }: Policy, now: number): [Ordered, Reason][] {
  if (!compliance) return [];
  const until = (at: number) => at + complianceDays * day;
  return row
    .filter(({ at }) => until(at) > now)
    .map((one) => [one, { kind: 'compliance', until: new Date(until(one.at)).toISOString() }]);
}

function byGrowing(row: Ordered[], { strategy }: Policy, kept: [Ordered, Reason][], now: number): [Ordered, Reason][] {
  if (strategy !== 'growing') return [];
  const known = new Set(kept.map(([one]) => one));
  const rest = row.filter((one) => !known.has(one));
  return everFurtherApart(rest, now).map((one) => [one, { kind: 'growing' }]);
}

/** What happens to it if nobody builds upon it. */
function draft(head: BackupHead, why: Reason[], options: PlanOptions, now: number, below?: Below): Draft {
  if (why.length > 0) return { head, action: 'keep', reasons: why };
  const { coolOff, grace } = options.retention;
  const wait = (kind: 'cool-off' | 'grace' | 'running', since: string | undefined, ms: number, over: Reason): Draft => {
    const end = Date.parse(since ?? head.startedAt) + ms;
    if (end <= now) return { head, action: 'remove', reasons: [over] };
    return { head, action: 'keep', reasons: [{ kind, until: new Date(end).toISOString() }] };
  };
  switch (head.status) {
    case 'expired':
      return wait('cool-off', head.expiredAt, coolOff, { kind: 'cooled off' });
    case 'failed':
      return wait('grace', head.storedAt ?? head.endedAt, grace, { kind: 'failed' });
    case 'creating':
      return wait('running', head.storedAt ?? head.startedAt, Math.max(grace, day), { kind: 'abandoned' });
    case 'completed': {
      if (below?.state === 'whole')
        return { head, action: 'expire', reasons: [{ kind: 'moved', by: below.to, at: below.at }] };
      const moves = options.policyOf(head).strategy === 'tiered' && options.keptElsewhere?.(head.id) !== true;
      return { head, action: moves ? 'move' : 'expire', reasons: [{ kind: 'none' }] };
    }
  }
}

/** Whatever rests upon something keeps it: offered for as long as itself is, and in any case there. */
function closed(drafts: Draft[], { heads }: StoreView, { site, timelines }: PlanOptions): Draft[] {
  const byId = new Map(drafts.map((one) => [one.head.id, one]));
  const own = drafts.map(({ head }) => head);
  const needs = new Needs(own, timelines);
  // Another site's databases are others: of its points only what they build upon counts.
  const foreign = heads
    .filter((head) => head.site !== site)
    .map(({ marks, ...head }) => ({ head, action: 'keep' as const }));
  const open: Pick<Draft, 'head' | 'action'>[] = [...foreign, ...drafts];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { head, action } = next;
    if (action === 'remove') continue;
    for (const { id, reason } of needs.of(head)) {
      const needed = byId.get(id);
      if (needed === undefined || goTogether(action, needed.action)) continue;
      if (needed.action === 'keep') {
        if (!needed.reasons.some(({ kind }) => kind === reason.kind)) needed.reasons.push(reason);
        continue;
      }
      needed.action = 'keep';
      needed.reasons = [reason];
      open.push(needed);
    }
  }
  return drafts;
}

/** What expires with it is there for as long, and what moves with it arrives with it. */
function goTogether(action: Action, needed: Action): boolean {
  return (action === 'expire' && needed !== 'remove') || (action === 'move' && needed === 'move');
}

class Reasons {
  private readonly all = new Map<string, Reason[]>();

  add(id: string, reason: Reason): void {
    const known = this.all.get(id) ?? [];
    if (!known.some(({ kind, by }) => kind === reason.kind && by === reason.by)) known.push(reason);
    this.all.set(id, known);
  }

  of(id: string): Reason[] {
    return this.all.get(id) ?? [];
  }
}
