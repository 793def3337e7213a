/**
 * Which WAL of a database a store may let go of: all before the first backup that can be replayed from, but for the stretches that make older backups
 * consistent, which have no window of their own. A timeline says nothing about age: one boundary holds for all of a database system.
 */
import type { BackupHead } from '../backup';
import { formatLsn, type Lsn, parseLsn } from '../lsn';
import { recordedAt } from './order';
import type { WalBoundary } from './types';

/**
 * @param remaining every head that is left of the site after the plan is carried out, in whatever store, whose WAL this store holds
 * @param window ids of backups that the recovery window is replayed from; undefined: every one is
 */
export function walBoundaries(remaining: BackupHead[], window: ReadonlySet<string> | undefined): WalBoundary[] {
  const systems = new Map<string, { component: string; systemIdentifier: string; spans: Span[] }>();
  const unplaced = new Set<string>();
  for (const head of remaining) {
    for (const [component, { kind }] of Object.entries(head.components)) {
      const span = head.databases?.[component];
      // Of an earlier version: where it lies is not known.
      if (kind === 'postgres' && span === undefined && isWhole(head)) unplaced.add(component);
      if (span === undefined) continue;
      const { systemIdentifier } = span;
      const key = `${component}/${systemIdentifier}`;
      const system = systems.get(key) ?? { component, systemIdentifier, spans: [] };
      system.spans.push({ head, from: parseLsn(span.startLsn), to: parseLsn(span.stopLsn) });
      systems.set(key, system);
    }
  }
  const youngest = begunEarliest(remaining);
  return [...systems.values()].flatMap(({ component, systemIdentifier, spans }) => {
    if (unplaced.has(component)) return [];
    const replayed = window === undefined ? spans : spans.filter(({ head }) => window.has(head.id));
    const first = replayed.reduce<Span | undefined>((a, b) => (a && a.from <= b.from ? a : b), undefined);
    // What is being made just now may have begun before the oldest that is left.
    if (!first || recordedAt(first.head) > youngest) return [];
    const spared = spans
      .filter(({ from }) => from < first.from)
      .map(({ head, from, to }) => ({ from: formatLsn(from), to: formatLsn(to), backupId: head.id }));
    return [{ component, systemIdentifier, before: formatLsn(first.from), spared }];
  });
}

function isWhole({ status }: BackupHead): boolean {
  return status === 'completed' || status === 'expired';
}

interface Span {
  head: BackupHead;
  from: Lsn;
  to: Lsn;
}

function begunEarliest(heads: BackupHead[]): number {
  const begun = heads.filter(({ status }) => status === 'creating').map(({ startedAt }) => Date.parse(startedAt));
  return Math.min(Number.POSITIVE_INFINITY, ...begun);
}
