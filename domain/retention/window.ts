/**
 * The recovery window (`retention.wal`): any moment of it can be restored, on whatever timeline it was lived. On the way to each timeline the window begins with
 * the newest backup from before it, which stays for that; where that one was found wrong, also with the newest that was not. Where the way is not known every backup stays that may lie on it.
 */
import type { BackupHead, DatabaseSpan } from '../backup';
import type { Ordered } from './order';
import { type KnownTimeline, liesOn, type Timelines } from './timelines';

interface Placed {
  one: Ordered;
  span: DatabaseSpan;
}

export interface RecoveryWindow {
  /** When it begins, milliseconds. */
  from: number;
  timelines: Timelines;
  isSound: (head: BackupHead) => boolean;
}

/** @param ordered completed backups of a site, newest first */
export function beginningsOfWindow(ordered: Ordered[], { timelines, ...window }: RecoveryWindow): Ordered[] {
  const lines = new Map<string, Placed[]>();
  for (const one of ordered) {
    for (const [name, span] of Object.entries(one.head.databases ?? {})) {
      const key = `${name}/${span.systemIdentifier}`;
      const line = lines.get(key) ?? [];
      line.push({ one, span });
      lines.set(key, line);
    }
  }
  return [...lines.values()].flatMap((line) =>
    known(line, timelines).flatMap((timeline) => beginnings(line, timeline, window).map(({ one }) => one)),
  );
}

/** Those that are stored, and those that only backups tell of. */
function known(line: Placed[], timelines: Timelines): KnownTimeline[] {
  const stored = timelines.get(line[0]?.span.systemIdentifier ?? '') ?? [];
  const told = new Set(line.map(({ span }) => span.timeline));
  const others = [...told].filter((one) => !stored.some(({ timeline }) => timeline === one));
  return [...stored, ...others.map((timeline): KnownTimeline => ({ timeline }))];
}

function beginnings(
  line: Placed[],
  { timeline, path, until }: KnownTimeline,
  { from, isSound }: Omit<RecoveryWindow, 'timelines'>,
): Placed[] {
  if (until !== undefined && until < from) return []; // no moment of it lies in the window
  const newest = (placed: Placed[]) => {
    const before = placed.filter(({ one }) => one.at <= from);
    return [...new Set([before[0], before.find(({ one }) => isSound(one.head))])].filter((one) => one !== undefined);
  };
  if (path === undefined) {
    const own = newest(line.filter(({ span }) => span.timeline === timeline));
    return own.length > 0 ? own : line.filter(({ span }) => span.timeline <= timeline);
  }
  const way = line.filter(({ span }) => liesOn(path, span));
  const found = newest(way);
  return found.length > 0 ? found : way.slice(-1);
}
