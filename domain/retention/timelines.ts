/** What is known of the timelines of database systems, and what lies on them. */
import type { DatabaseSpan } from '../backup';
import { parseLsn } from '../lsn';
import type { TimelineStretch } from '../timeline';

export interface KnownTimeline {
  timeline: number;
  /** The way to it, itself last; absent: its history is not stored. */
  path?: TimelineStretch[];
  /** Nobody was seen on it later, milliseconds; absent: that is not known. */
  until?: number;
}

/** By system identifier. */
export type Timelines = ReadonlyMap<string, KnownTimeline[]>;

/** Whether it had ended before its timeline was left for the next one of the way. */
export function liesOn(path: TimelineStretch[], { timeline, stopLsn }: DatabaseSpan): boolean {
  const own = path.find((one) => one.timeline === timeline);
  return own !== undefined && (own.to === undefined || own.to >= parseLsn(stopLsn));
}

/** Of several stores: a way that one knows, and the latest that any has seen. */
export function joined(all: Timelines[]): Timelines {
  const systems = new Map<string, KnownTimeline[]>();
  for (const [system, timelines] of all.flatMap((one) => [...one])) {
    const known = systems.get(system) ?? [];
    for (const one of timelines) {
      const same = known.find(({ timeline }) => timeline === one.timeline);
      if (same === undefined) known.push({ ...one });
      else {
        same.path ??= one.path;
        same.until = same.until === undefined || one.until === undefined ? undefined : Math.max(same.until, one.until);
      }
    }
    systems.set(system, known);
  }
  return systems;
}
