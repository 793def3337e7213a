/** On what a backup rests: what it builds upon, and for a recovery point what its databases are replayed from. */
import type { BackupHead, BackupStatus, PointMark } from '../backup';
import { parseLsn } from '../lsn';
import { isPoint } from '../recovery-points';
import { recordedAt } from './order';
import { liesOn, type Timelines } from './timelines';
import type { Reason } from './types';

export interface Need {
  id: string;
  reason: Reason;
}

/** @param heads of one site */
export function needsOf(head: BackupHead, heads: BackupHead[], timelines: Timelines = new Map()): Need[] {
  // Another site's databases are others.
  const own = heads[0]?.site === head.site ? heads : [];
  const links = (head.chain ?? []).map((id): Need => ({ id, reason: { kind: 'chain', by: head.id } }));
  const marks = Object.entries(head.marks ?? {});
  const sources = marks.flatMap(([name, mark]) =>
    sourcesOf(head, name, mark, own, timelines).map((id): Need => ({ id, reason: { kind: 'point', by: head.id } })),
  );
  return [...links, ...sources];
}

/** The better one first. */
const usableAs: BackupStatus[] = ['completed', 'expired'];

/** Backups that replay to a mark can begin with: on the way to it the newest; where the way is not known, each that may be it. */
function sourcesOf(
  point: BackupHead,
  name: string,
  mark: PointMark,
  heads: BackupHead[],
  timelines: Timelines,
): string[] {
  const end = parseLsn(mark.lsn);
  const holding = heads.filter((head) => !isPoint(head) && head.components[name] !== undefined);
  // Heads of earlier versions do not say where they lie.
  const unplaced = holding.filter(
    (head) => !head.databases?.[name] && usableAs.includes(head.status) && recordedAt(head) <= recordedAt(point),
  );
  const before = holding.flatMap((head) => {
    const span = head.databases?.[name];
    if (span?.systemIdentifier !== mark.systemIdentifier || parseLsn(span.stopLsn) > end) return [];
    return [{ head, span, stop: parseLsn(span.stopLsn) }];
  });
  const usable = usableAs.map((status) => before.filter(({ head }) => head.status === status));
  const path = timelines.get(mark.systemIdentifier)?.find(({ timeline }) => timeline === mark.timeline)?.path;
  const onWay = usable.map((some) => (path ? some.filter(({ span }) => liesOn(path, span)) : some));
  const candidates = onWay.find((some) => some.length > 0) ?? [];
  const own = path ? candidates : candidates.filter(({ span }) => span.timeline === mark.timeline);
  const newest = own.reduce<(typeof own)[number] | undefined>((a, b) => (a && a.stop >= b.stop ? a : b), undefined);
  const placed = newest ? [newest] : candidates.filter(({ span }) => span.timeline < mark.timeline);
  return [...placed.map(({ head }) => head.id), ...unplaced.map(({ id }) => id)];
}
