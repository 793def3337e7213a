/** What stays whatever the rules say: of each line of descent so many completed backups, and the last that was proven. */
import type { BackupHead } from '../backup';
import { HoldfastError } from '../errors';
import { isPoint } from '../recovery-points';
import { type Line, linesOf, systemsOf } from './lineages';
import { newestFirst, type Ordered } from './order';
import type { Decision, Reason } from './types';

export function isProven({ provenAt, proofs = [] }: BackupHead): boolean {
  return (
    provenAt !== undefined || proofs.some(({ level, outcome }) => level === 'test-restore' && outcome !== 'failed')
  );
}

/** @param heads of one site, newest first */
export function guarded(heads: Ordered[], minimum: number): [Ordered, Reason][] {
  return linesOf(heads.filter(({ head }) => counts(head))).flatMap((line) => [
    ...fewest(line, minimum).map((one): [Ordered, Reason] => [one, { kind: 'minimum' }]),
    ...lastProven(line).map((one): [Ordered, Reason] => [one, { kind: 'proven' }]),
  ]);
}

/** Where there are too few that completed, those that expired and are still there make up for them. */
function fewest({ list, holds }: Line, minimum: number): Ordered[] {
  const completed = list.filter(({ head }) => head.status === 'completed');
  const expired = list.filter(({ head }) => head.status === 'expired');
  return [...completed, ...expired].slice(0, minimum).filter(holds);
}

function lastProven({ list, holds }: Line): Ordered[] {
  const proven = list.find(({ head }) => head.status === 'completed' && isProven(head));
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
  for (const [component] of new Map(completed.flatMap((head) => systemsOf(head)))) {
    const own = completed.filter((head) => systemsOf(head).some(([name]) => name === component));
    const left = own.filter(({ id }) => !going.has(id));
    if (left.length < Math.min(minimum, own.length))
      throw unsafe(component, `${left.length} completed backups of ${component} would be left, of at least ${minimum}`);
    const last = own[0];
    if (last && going.has(last.id)) throw unsafe(last.id, `the last completed backup of ${component} would go`);
    if (own.some(isProven) && !left.some(isProven))
      throw unsafe(component, `the last proven backup of ${component} would go`);
  }
}

function unsafe(where: string, what: string): HoldfastError {
  return new HoldfastError('retention_unsafe', what, {
    where,
    hints: [
      'nothing was touched: this is a fault of Holdfast, please report it with `holdfast retention report --json`',
    ],
  });
}
