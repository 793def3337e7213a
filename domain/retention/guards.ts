/** What stays whatever the rules say: of each line of descent so many completed backups, and the last that was proven. */
import type { BackupHead } from '../backup';
import { HoldfastError } from '../errors';
import { isPoint } from '../recovery-points';
import { isProven, wasProven } from '../verification/proven';
import { type Line, linesOf, systemsOf } from './lineages';
import { newestFirst, type Ordered } from './order';
import { soundIn } from './sound';
import type { Decision, Reason } from './types';

/**
 * What proves a backup restorable: a test restore of it, nothing found wrong with it or with what it builds upon since. A backup's publication and its copying read checksums,
 * and say nothing of that. Where no such is left, one that was proven once is the best there is.
 */
function provenIn(heads: BackupHead[]): (completed: BackupHead[]) => BackupHead[] {
  const byId = new Map(heads.map((head) => [head.id, head]));
  const chainOf = ({ chain = [] }: BackupHead) => chain.flatMap((id) => byId.get(id) ?? []);
  return (completed) => {
    const once = completed.filter(wasProven);
    const still = once.filter((head) => isProven(head, chainOf(head)));
    return still.length > 0 ? still : once;
  };
}

/** @param ordered of one site, newest first @param heads all there are of it: the same, and what counts for nobody */
export function guarded(ordered: Ordered[], heads: BackupHead[], minimum: number): [Ordered, Reason][] {
  const [provenOf, isSound] = [provenIn(heads), soundIn(heads)];
  return linesOf(ordered.filter(({ head }) => counts(head))).flatMap((line) => [
    ...fewest(line, minimum, isSound).map((one): [Ordered, Reason] => [one, { kind: 'minimum' }]),
    ...lastProven(line, provenOf).map((one): [Ordered, Reason] => [one, { kind: 'proven' }]),
  ]);
}

/** Where there are too few that completed, those that expired and are still there make up for them; where some were found wrong, older ones that are right stay too. */
function fewest({ list, holds }: Line, minimum: number, isSound: (head: BackupHead) => boolean): Ordered[] {
  const completed = list.filter(({ head }) => head.status === 'completed');
  const all = [...completed, ...list.filter(({ head }) => head.status === 'expired')];
  const sound = all.filter(({ head }) => isSound(head));
  return [...new Set([...all.slice(0, minimum), ...sound.slice(0, minimum)])].filter(holds);
}

function lastProven({ list, holds }: Line, provenOf: ReturnType<typeof provenIn>): Ordered[] {
  const completed = list.filter(({ head }) => head.status === 'completed');
  const [last] = provenOf(completed.map(({ head }) => head));
  const proven = completed.find(({ head }) => head === last);
  return proven !== undefined && holds(proven) ? [proven] : [];
}

/** A recovery point is worth nothing without another backup. */
function counts(head: BackupHead): boolean {
  return !isPoint(head) && (head.status === 'completed' || head.status === 'expired');
}

/**
 * Looks at what is left of a plan, by itself and without asking why: that a plan passes was never in doubt, unless the code that made it is wrong.
 * @throws HoldfastError `retention_unsafe`
 */
export function refuseUnsafe(heads: BackupHead[], decisions: Decision[], minimum: number, now: number): void {
  const going = new Set(decisions.filter(({ action }) => action === 'expire').map(({ backupId }) => backupId));
  const completed = newestFirst(heads, now).flatMap(({ head }) =>
    counts(head) && head.status === 'completed' ? [head] : [],
  );
  const [provenOf, isSound] = [provenIn(heads), soundIn(heads)];
  for (const [component, own] of byComponent(completed)) {
    const left = own.filter(({ id }) => !going.has(id));
    if (left.length < Math.min(minimum, own.length))
      throw unsafe(component, `${left.length} completed backups of ${component} would be left, of at least ${minimum}`);
    const sound = own.filter(isSound);
    if (sound.filter(({ id }) => !going.has(id)).length < Math.min(minimum, sound.length))
      throw unsafe(component, `the last backup of ${component} that was not found wrong would go`);
    const last = own[0];
    if (last && going.has(last.id)) throw unsafe(last.id, `the last completed backup of ${component} would go`);
    const proven = provenOf(own);
    if (proven.length > 0 && !proven.some(({ id }) => !going.has(id)))
      throw unsafe(component, `the last proven backup of ${component} would go`);
  }
}

function byComponent(heads: BackupHead[]): Map<string, BackupHead[]> {
  const found = new Map<string, BackupHead[]>();
  for (const head of heads) {
    for (const [component] of systemsOf(head)) {
      const own = found.get(component);
      if (own) own.push(head);
      else found.set(component, [head]);
    }
  }
  return found;
}

function unsafe(where: string, what: string): HoldfastError {
  return new HoldfastError('retention_unsafe', what, {
    where,
    hints: [
      'nothing was touched: this is a fault of Holdfast, please report it with `holdfast retention report --json`',
    ],
  });
}
