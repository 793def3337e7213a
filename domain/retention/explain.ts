/** Reasons of a plan as people read them. */
import type { Archived, Decision, Reason, ReasonKind } from './types';

const words: Record<ReasonKind, string> = {
  last: 'one of the newest (last)',
  size: 'one of the newest that fit (size)',
  hourly: 'the newest of its hour',
  daily: 'the newest of its day',
  weekly: 'the newest of its week',
  monthly: 'the newest of its month',
  yearly: 'the newest of its year',
  age: 'young enough',
  compliance: 'class compliance',
  growing: 'one of those ever further apart',
  tier: 'the configuration does not name its tier,',
  minimum: 'so many stay at least',
  proven: 'the last that was proven',
  chain: 'built upon by',
  point: 'replayed from by',
  window: 'the recovery window begins with it',
  pin: 'pinned by',
  hold: 'on legal hold by',
  lease: 'in use by',
  lock: 'locked by the store',
  future: 'dated in the future',
  'cool-off': 'expired, and cooling off',
  running: 'being made, or abandoned',
  grace: 'failed, and left alone for a while',
  moving: 'its copy is not yet whole in',
  moved: 'moved to',
  none: 'kept by no rule',
  'cooled off': 'expired, and cooled off',
  failed: 'failed long ago',
  abandoned: 'abandoned long ago',
};

/** `young enough until 2026-01-31 02:00:00; built upon by x` */
export function explain(reasons: Reason[]): string {
  const said = reasons
    .map(({ kind, by, at, until }) =>
      [words[kind], by, at && `at ${shown(at)}`, until && `until ${shown(until)}`].filter(Boolean).join(' '),
    )
    .join('; ');
  const byLockAlone = reasons.length > 0 && reasons.every(({ kind }) => kind === 'lock');
  return byLockAlone ? `${said}, and goes then by itself` : said;
}

/** With what is archived: `expired, but on legal hold by x: archived in STANDARD, and belongs into GLACIER`. */
export function explainDecision({ reasons, archived }: Pick<Decision, 'reasons' | 'archived'>): string {
  return archived === undefined ? explain(reasons) : `expired, but ${explain(reasons)}: ${placeOf(archived)}`;
}

function placeOf({ class: here, to }: Archived): string {
  if (here === undefined) return 'archived where it is';
  return `archived in ${here}${to === undefined ? '' : `, and belongs into ${to}`}`;
}

function shown(time: string): string {
  return time.slice(0, 19).replace('T', ' ');
}
