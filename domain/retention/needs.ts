/** On what a backup rests: what it builds upon, and for a recovery point what its databases are replayed from. */
import type { BackupHead, DatabaseSpan, PointMark } from '../backup';
import { type Lsn, parseLsn } from '../lsn';
import { isPoint } from '../recovery-points';
import { recordedAt } from './order';
import { liesOn, type Timelines } from './timelines';
import type { Reason } from './types';

export interface Need {
  id: string;
  reason: Reason;
}

interface Source {
  head: BackupHead;
  /** Heads of earlier versions do not say where they lie. */
  span?: DatabaseSpan;
  stop: Lsn;
}

export class Needs {
  /** By component. */
  private readonly sources = new Map<string, Source[]>();

  /** @param heads of one site */
  constructor(
    heads: BackupHead[],
    private readonly timelines: Timelines = new Map(),
  ) {
    // Where there is no point nothing is replayed from.
    if (!heads.some(isPoint)) return;
    for (const head of heads) {
      if (isPoint(head) || (head.status !== 'completed' && head.status !== 'expired')) continue;
      for (const name of Object.keys(head.components)) {
        const span = head.databases?.[name];
        const known = this.sources.get(name) ?? [];
        known.push({ head, span, stop: span ? parseLsn(span.stopLsn) : 0n });
        this.sources.set(name, known);
      }
    }
  }

  of(head: BackupHead): Need[] {
    const links = (head.chain ?? []).map((id): Need => ({ id, reason: { kind: 'chain', by: head.id } }));
    const sources = Object.entries(head.marks ?? {}).flatMap(([name, mark]) => this.sourcesOf(head, name, mark));
    return [...links, ...sources.map((id): Need => ({ id, reason: { kind: 'point', by: head.id } }))];
  }

  /** Backups that replay to a mark can begin with: on the way to it the newest; where the way is not known, each that may be it. */
  private sourcesOf(point: BackupHead, name: string, mark: PointMark): string[] {
    const end = parseLsn(mark.lsn);
    const all = this.sources.get(name) ?? [];
    const unplaced = all.filter(({ head, span }) => span === undefined && recordedAt(head) <= recordedAt(point));
    const path = this.timelines.get(mark.systemIdentifier)?.find(({ timeline }) => timeline === mark.timeline)?.path;
    const before = all.filter(
      ({ span, stop }) =>
        span?.systemIdentifier === mark.systemIdentifier && stop <= end && (path === undefined || liesOn(path, span)),
    );
    const completed = before.filter(({ head }) => head.status === 'completed');
    const candidates = completed.length > 0 ? completed : before;
    const own = path ? candidates : candidates.filter(({ span }) => span?.timeline === mark.timeline);
    const newest = own.reduce<Source | undefined>((a, b) => (a && a.stop >= b.stop ? a : b), undefined);
    const placed = newest ? [newest] : candidates.filter(({ span }) => (span?.timeline ?? 0) < mark.timeline);
    return [...placed, ...unplaced].map(({ head }) => head.id);
  }
}
