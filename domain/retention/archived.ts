/**
 * What is archived: a backup that no rule keeps any more, and that may not be deleted all the same, since its store has locked it or a legal hold
 * stands on it; with it what it builds upon, when nothing else needs that. It stays offered, whole and listed, and belongs into the coldest class that is named for it.
 *
 * Guaranteed: nothing is archived that a rule, a safeguard, a pin, a lease or anything that is not archived itself keeps. Not guaranteed: that its class
 * changes. Where there are no classes it stays where it is; and while it is locked, since its locked version would stay beside the new one.
 */
import { isColder, mayChange } from '../archive-class';
import type { BackupHead } from '../backup';
import type { Action, Archived, Decision, PlanOptions, ReasonKind, StoreView } from './types';

const forced = new Set<ReasonKind>(['lock', 'hold']);
const perhaps = new Set<ReasonKind>([...forced, 'chain']);

interface Judged extends Pick<PlanOptions, 'policyOf'> {
  /** What the rules keep when some are not there any more: that counts, and not what they keep until then. */
  wantedWithout: (going: ReadonlySet<string>) => ReadonlySet<string>;
}

/** @param decisions of one site in one store, made */
export function withArchived(
  decisions: Decision[],
  { heads, now }: Pick<StoreView, 'heads' | 'now'>,
  { policyOf, wantedWithout }: Judged,
): Decision[] {
  const own = new Map(heads.map((head) => [head.id, head]));
  const found = archivedAmong(decisions, own, now, wantedWithout);
  return decisions.map((one) => {
    const head = own.get(one.backupId);
    const locked = found.get(one.backupId);
    if (head === undefined) return one;
    if (locked === undefined) return marked(head) && stays(one) ? { ...one, archiving: 'ends' } : one;
    return {
      ...one,
      archived: describe(head, policyOf(head).classes, locked),
      ...(head.archived === undefined && { archiving: 'begins' as const }),
    };
  });
}

/** Each with whether its objects are locked, for its own sake or for that of what builds upon it. */
function archivedAmong(
  decisions: Decision[],
  heads: Map<string, BackupHead>,
  now: number,
  wantedWithout: Judged['wantedWithout'],
): Map<string, boolean> {
  const archived = new Map<string, boolean>();
  const forcedOnes = decisions.filter((one) => isForced(one, heads.get(one.backupId)));
  if (forcedOnes.length === 0) return archived;
  const wanted = wantedWithout(idsOf(decisions, 'expire'));
  const candidates = forcedOnes.filter(({ backupId }) => !wanted.has(backupId));
  const gone = idsOf(decisions, 'remove');
  const upon = dependants([...heads.values()].filter(({ id, status }) => status !== 'failed' && !gone.has(id)));
  const depth = ({ backupId }: Decision) => heads.get(backupId)?.chain?.length ?? 0;
  for (const { backupId } of candidates.sort((a, b) => depth(b) - depth(a))) {
    const children = upon.get(backupId) ?? [];
    if (!children.every((id) => archived.has(id))) continue;
    const { lock } = heads.get(backupId) ?? {};
    const byItself = lock !== undefined && Date.parse(lock.until) > now;
    archived.set(backupId, byItself || children.some((id) => archived.get(id)));
  }
  return archived;
}

function idsOf(decisions: Decision[], action: Action): Set<string> {
  return new Set(decisions.filter((one) => one.action === action).map(({ backupId }) => backupId));
}

/** By its own reasons: that something builds upon it is one only when that is archived too. */
function isForced({ action, reasons }: Decision, head: BackupHead | undefined): boolean {
  return (
    action === 'keep' &&
    head?.status === 'completed' &&
    reasons.length > 0 &&
    reasons.every(({ kind }) => perhaps.has(kind))
  );
}

/** Whatever may want to read a backup: also what another site made upon it, or what is being made. */
function dependants(heads: BackupHead[]): Map<string, string[]> {
  const upon = new Map<string, string[]>();
  for (const { id, chain = [] } of heads) {
    for (const link of chain) {
      const known = upon.get(link);
      if (known) known.push(id);
      else upon.set(link, [id]);
    }
  }
  return upon;
}

function marked({ status, archived }: BackupHead): boolean {
  return status === 'completed' && archived !== undefined;
}

/** What expires loses the mark by that. */
function stays({ action }: Decision): boolean {
  return action === 'keep' || action === 'move';
}

function describe(
  { archived, storageClass }: BackupHead,
  classes: { own: string; archive: string } | undefined,
  locked: boolean,
): Archived {
  const since = archived && { since: archived.at };
  if (classes === undefined) return { ...since };
  const { own, archive } = classes;
  const here = storageClass ?? own;
  return {
    ...since,
    class: here,
    ...(!locked && isColder(archive, here) && mayChange(here, archive) && { to: archive }),
  };
}
