/**
 * The recovery window (`retention.wal`): any moment of it can be restored. It begins with the newest backup from before it, which stays for that. A timeline
 * that has none of its own from before is reached from an earlier one, and only the WAL tells from where: then all of the earlier ones stay.
 */
import type { BackupHead } from '../backup';
import type { Ordered } from './order';

/** @param ordered completed backups of a site, newest first @param ms how far the window goes back */
export function beginningsOfWindow(ordered: Ordered[], ms: number, now: number): Ordered[] {
  const lines = new Map<string, Map<number, Ordered[]>>();
  for (const one of ordered) {
    for (const [name, { systemIdentifier, timeline }] of spans(one.head)) {
      const key = `${name}/${systemIdentifier}`;
      const line = lines.get(key) ?? new Map<number, Ordered[]>();
      const own = line.get(timeline) ?? [];
      own.push(one);
      line.set(timeline, own);
      lines.set(key, line);
    }
  }
  return [...lines.values()].flatMap((line) => beginnings(line, now - ms));
}

function beginnings(line: Map<number, Ordered[]>, from: number): Ordered[] {
  const kept: Ordered[] = [];
  const timelines = [...line.keys()].sort((a, b) => b - a);
  for (const timeline of timelines) {
    const own = line.get(timeline) ?? [];
    const before = own.find(({ at }) => at <= from);
    kept.push(...(before ? [before] : own));
    if (before) continue;
    for (const earlier of timelines) if (earlier < timeline) kept.push(...(line.get(earlier) ?? []));
  }
  return kept;
}

function spans({ databases = {} }: BackupHead) {
  return Object.entries(databases);
}
