/**
 * The recovery window (`retention.wal`): any moment of it can be restored, on whatever timeline it was lived. On the way to each timeline the window begins with
 * the newest backup from before it, which stays for that. Where the way is not known every backup stays that may lie on it.
 */
import type { DatabaseSpan } from '../backup';
import type { Ordered } from './order';
import { type KnownTimeline, liesOn, type Timelines } from './timelines';

interface Placed {
  one: Ordered;
  span: DatabaseSpan;
}

/** @param ordered completed backups of a site, newest first @param from when the window begins, milliseconds */
export function beginningsOfWindow(ordered: Ordered[], from: number, timelines: Timelines): Ordered[] {
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
    known(line, timelines).flatMap((timeline) => beginnings(line, timeline, from).map(({ one }) => one)),
  );
}

/** Those that are stored, and those that only backups tell of. */
function known(line: Placed[], timelines: Timelines): KnownTimeline[] {
  const stored = timelines.get(line[0]?.span.systemIdentifier ?? '') ?? [];
  const told = new Set(line.map(({ span }) => span.timeline));
  const others = [...told].filter((one) => !stored.some(({ timeline }) => timeline === one));
  return [...stored, ...others.map((timeline): KnownTimeline => ({ timeline }))];
}

function beginnings(line: Placed[], { timeline, path, until }: KnownTimeline, from: number): Placed[] {
  if (until !== undefined && until < from) return []; // no moment of it lies in the window
  const beforeWindow = ({ one }: Placed) => one.at <= from;
  if (path === undefined) {
    const own = line.find((one) => one.span.timeline === timeline && beforeWindow(one));
    return own ? [own] : line.filter(({ span }) => span.timeline <= timeline);
  }
  const way = line.filter(({ span }) => liesOn(path, span));
  return [way.find(beforeWindow) ?? way.at(-1)].filter((one) => one !== undefined);
}
