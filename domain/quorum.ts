/** How far so many of the stores hold the WAL: the furthest position that at least `quorum` of them have reached. */
import type { Lsn } from './lsn';

export function heldByQuorum(positions: Lsn[], quorum: number): Lsn {
  const descending = [...positions].sort((one, other) => (one < other ? 1 : one > other ? -1 : 0));
  return descending[Math.min(quorum, descending.length) - 1] ?? 0n;
}
