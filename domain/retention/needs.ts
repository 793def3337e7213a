/** On what a backup rests: what it builds upon, and for a recovery point what its databases are replayed from. */
import type { BackupHead, PointMark } from '../backup';
import { parseLsn } from '../lsn';
import { isPoint } from '../recovery-points';
import { recordedAt } from './order';
import type { Reason } from './types';

export interface Need {
  id: string;
  reason: Reason;
}

/** @param heads of one site */
export function needsOf(head: BackupHead, heads: BackupHead[]): Need[] {
  const links = (head.chain ?? []).map((id): Need => ({ id, reason: { kind: 'chain', by: head.id } }));
  const marks = Object.entries(head.marks ?? {});
  const sources = marks.flatMap(([name, mark]) =>
    sourcesOf(head, name, mark, heads).map((id): Need => ({ id, reason: { kind: 'point', by: head.id } })),
  );
  return [...links, ...sources];
}

/**
 * Backups that replay to a mark can begin with. On its own timeline the newest before it; before there is one, whatever of earlier timelines lies before it, since
 * only the WAL tells where the way to the mark left them.
 */
function sourcesOf(point: BackupHead, name: string, mark: PointMark, heads: BackupHead[]): string[] {
  const end = parseLsn(mark.lsn);
  const holding = heads.filter((head) => !isPoint(head) && head.components[name] !== undefined);
  // Heads of earlier versions do not say where they lie.
  const unplaced = holding.filter((head) => !head.databases?.[name] && recordedAt(head) <= recordedAt(point));
  const before = holding.flatMap((head) => {
    const span = head.databases?.[name];
    if (span?.systemIdentifier !== mark.systemIdentifier || parseLsn(span.stopLsn) > end) return [];
    return [{ head, timeline: span.timeline, stop: parseLsn(span.stopLsn) }];
  });
  const usable = ['completed', 'expired'].map((status) => before.filter(({ head }) => head.status === status));
  const candidates = usable.find((some) => some.length > 0) ?? [];
  const own = candidates.filter(({ timeline }) => timeline === mark.timeline);
  const newest = own.reduce<(typeof own)[number] | undefined>((a, b) => (a && a.stop >= b.stop ? a : b), undefined);
  const placed = newest ? [newest] : candidates.filter(({ timeline }) => timeline < mark.timeline);
  return [...placed.map(({ head }) => head.id), ...unplaced.map(({ id }) => id)];
}
