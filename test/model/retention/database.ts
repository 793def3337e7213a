/** A database of the model: where its WAL is, and how its timelines hang together. Positions are plain numbers of bytes. */

import { formatLsn } from '../../../domain/lsn';
import type { KnownTimeline } from '../../../domain/retention/timelines';
import type { TimelineStretch } from '../../../domain/timeline';

interface Timeline {
  parent?: number;
  /** Where it left its parent. */
  fork: bigint;
}

export interface Position {
  system: string;
  timeline: number;
  lsn: bigint;
}

const perMinute = 0x10000n;

export interface Stretch {
  timeline: number;
  from: bigint;
  to: bigint;
}

export class Database {
  system = '';
  timeline = 1;
  lsn = 0n;
  private systems = 0;
  private readonly timelines = new Map<string, Timeline>();
  private readonly left = new Map<string, number>();

  constructor(private readonly site: string) {
    this.upgrade(0);
  }

  get position(): Position {
    return { system: this.system, timeline: this.timeline, lsn: this.lsn };
  }

  advance(minutes: number): void {
    this.lsn += perMinute * BigInt(minutes);
  }

  /** A new cluster: another identifier, smaller or not than the one before, and positions from the beginning. */
  upgrade(now: number): void {
    this.left.set(this.key(this.timeline), now);
    this.systems++;
    this.system = `${(7_000 + this.systems * 37) % 101}${this.site === 'dc01' ? '1' : '2'}`;
    this.timeline = 1;
    this.lsn = 0x1000000n;
    this.timelines.set(this.key(1), { fork: 0n });
  }

  /** A new timeline from here, or from an earlier position that a restore in place went back to. */
  promote(now: number, from: bigint = this.lsn): void {
    this.left.set(this.key(this.timeline), now);
    const parent = this.timeline;
    while (this.timelines.has(this.key(this.timeline))) this.timeline++;
    this.timelines.set(this.key(this.timeline), { parent, fork: from });
    this.lsn = from;
  }

  /** Stretches of WAL on the way from the one to the other; undefined when there is none. */
  way(from: Position, to: Position): Stretch[] | undefined {
    if (from.system !== to.system) return undefined;
    const stretches: Stretch[] = [];
    let timeline = to.timeline;
    for (let end = to.lsn; ; ) {
      if (timeline === from.timeline) {
        if (from.lsn > end) return undefined;
        return [{ timeline, from: from.lsn, to: end }, ...stretches];
      }
      const { parent, fork } = this.timelines.get(`${to.system}/${timeline}`) ?? { fork: 0n };
      if (parent === undefined) return undefined;
      if (fork < end) stretches.unshift({ timeline, from: fork, to: end });
      end = fork < end ? fork : end;
      timeline = parent;
    }
  }

  /** As a history file tells it, and when somebody was on it for the last time. */
  known(system: string, now: number): KnownTimeline[] {
    return this.timelinesOf(system).map((timeline) => {
      const path: TimelineStretch[] = [];
      const own = { system, timeline, lsn: 1n << 62n };
      for (const one of this.timelinesOf(system)) {
        const way = this.way({ system, timeline: one, lsn: 0n }, own);
        if (way?.[0]) path.push({ timeline: one, from: 0n, ...(one !== timeline && { to: way[0].to }) });
      }
      const lives = system === this.system && timeline === this.timeline;
      return { timeline, path, until: lives ? now : this.left.get(`${system}/${timeline}`) };
    });
  }

  timelinesOf(system: string): number[] {
    return [...this.timelines.keys()]
      .filter((key) => key.startsWith(`${system}/`))
      .map((key) => Number(key.split('/')[1]));
  }

  /** Whether WAL leads from the one to the other. */
  leads(from: Position, to: Position): boolean {
    return this.way(from, to) !== undefined;
  }

  private key(timeline: number): string {
    return `${this.system}/${timeline}`;
  }
}

export function lsnText(lsn: bigint): string {
  return formatLsn(lsn);
}
