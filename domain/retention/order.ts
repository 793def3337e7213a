/**
 * The order of backups: by the time that the store recorded, else the host, and within a timeline of a database by its WAL, which no clock that jumps can
 * turn round. Never by name. A clock that went back makes a later backup look older than one before it: it counts as made no earlier than
 * that one. What is dated in the future counts for nobody: it must not push out what is needed today.
 */
import type { BackupHead } from '../backup';
import { parseLsn } from '../lsn';
import { clockTolerance } from './refuse';

export interface Ordered {
  head: BackupHead;
  /** Milliseconds. */
  at: number;
  /** Of equal times, by the WAL. */
  turn: number;
}

export function recordedAt({ endedAt, startedAt }: Pick<BackupHead, 'endedAt' | 'startedAt'>): number {
  return Date.parse(endedAt ?? startedAt);
}

function storedAt(head: BackupHead): number {
  return head.storedAt === undefined ? recordedAt(head) : Date.parse(head.storedAt);
}

export function isFuture(head: BackupHead, now: number): boolean {
  return Math.max(recordedAt(head), storedAt(head)) > now + clockTolerance;
}

/** Newest first; what is dated in the future is left out. */
export function newestFirst(heads: BackupHead[], now: number): Ordered[] {
  const ordered = new Map(
    heads.filter((head) => !isFuture(head, now)).map((head) => [head.id, { head, at: storedAt(head), turn: 0 }]),
  );
  for (const group of timelines([...ordered.values()])) straighten(group);
  return [...ordered.values()].sort(
    (a, b) => b.at - a.at || b.turn - a.turn || (a.head.id < b.head.id ? 1 : a.head.id > b.head.id ? -1 : 0),
  );
}

/** None is older than one that ends before it in the WAL. */
function straighten(group: Placed[]): void {
  group.sort((a, b) => (a.stop < b.stop ? -1 : a.stop > b.stop ? 1 : a.one.at - b.one.at));
  let latest = Number.NEGATIVE_INFINITY;
  for (const [turn, { one }] of group.entries()) {
    one.at = Math.max(one.at, latest);
    one.turn = Math.max(one.turn, turn);
    latest = one.at;
  }
}

/** Whoever is cut off in between leaves nothing that builds upon what he took first. */
export function childrenFirst(ids: Iterable<string>, heads: BackupHead[]): string[] {
  const depth = new Map(heads.map(({ id, chain = [] }) => [id, chain.length]));
  return [...ids].sort((a, b) => (depth.get(b) ?? 0) - (depth.get(a) ?? 0));
}

interface Placed {
  one: Ordered;
  stop: bigint;
}

function timelines(all: Ordered[]): Placed[][] {
  const groups = new Map<string, Placed[]>();
  for (const one of all) {
    for (const [name, { systemIdentifier, timeline, stopLsn }] of Object.entries(one.head.databases ?? {})) {
      const key = `${one.head.site}/${name}/${systemIdentifier}/${timeline}`;
      const group = groups.get(key) ?? [];
      group.push({ one, stop: parseLsn(stopLsn) });
      groups.set(key, group);
    }
  }
  return [...groups.values()];
}
