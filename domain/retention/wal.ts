/**
 * Which WAL of a database a store has to keep: what backups are replayed with from their beginning on, and of older ones, which have no window of their own, the
 * stretch that makes them consistent. The rest may go, of whatever timeline. An archive is a system's, whatever its components are called and wherever they are backed up.
 */
import type { BackupHead } from '../backup';
import { formatLsn, type Lsn, parseLsn } from '../lsn';
import type { WalNeed } from './types';

/**
 * @param remaining every head that is left of the site after the plan is carried out, in whatever store, whose WAL this store holds
 * @param window ids of backups that the recovery window is replayed from; undefined: every one is
 */
export function neededWal(remaining: BackupHead[], window: ReadonlySet<string> | undefined): WalNeed[] {
  const systems = new Map<string, { components: Set<string>; spans: Span[] }>();
  const untold = new Set<string>();
  for (const head of remaining) {
    for (const [component, { kind }] of Object.entries(head.components)) {
      const span = head.databases?.[component];
      if (kind === 'postgres' && span === undefined && mayNeedWal(head)) untold.add(component);
      if (span === undefined) continue;
      const { systemIdentifier, timeline } = span;
      const system = systems.get(systemIdentifier) ?? { components: new Set(), spans: [] };
      system.components.add(component);
      system.spans.push({ head, timeline, from: parseLsn(span.startLsn), to: parseLsn(span.stopLsn) });
      systems.set(systemIdentifier, system);
    }
  }
  return [...systems].flatMap(([systemIdentifier, { components, spans }]) => {
    const replayed = spans.filter(({ head }) => window === undefined || window.has(head.id));
    // Without a beginning the window is none, and without knowing all that builds upon it nobody can tell.
    if (replayed.length === 0 || [...components].some((name) => untold.has(name))) return [];
    return [
      {
        component: [...components].join(', '),
        systemIdentifier,
        windows: earliest(replayed),
        spans: outside(spans, replayed),
      },
    ];
  });
}

/** One that is being made has no positions yet; of those that are made and tell none see `untold.ts`. */
function mayNeedWal({ status }: BackupHead): boolean {
  return status !== 'failed';
}

interface Span {
  head: BackupHead;
  timeline: number;
  from: Lsn;
  to: Lsn;
}

function earliest(replayed: Span[]): WalNeed['windows'] {
  const first = new Map<number, Lsn>();
  for (const { timeline, from } of replayed) {
    const known = first.get(timeline);
    if (known === undefined || from < known) first.set(timeline, from);
  }
  return [...first].sort(([a], [b]) => a - b).map(([timeline, from]) => ({ timeline, from: formatLsn(from) }));
}

function outside(spans: Span[], replayed: Span[]): WalNeed['spans'] {
  const within = new Set(replayed);
  return spans
    .filter((span) => !within.has(span))
    .map(({ head, timeline, from, to }) => ({
      timeline,
      from: formatLsn(from),
      to: formatLsn(to),
      backupId: head.id,
    }));
}
