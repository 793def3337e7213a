/** How far so many of the stores hold the WAL: the furthest position that at least `quorum` of them have reached; none where there are fewer. */
import type { Lsn } from './lsn';

export function heldByQuorum(positions: Lsn[], quorum: number): Lsn {
  const descending = [...positions].sort((one, other) => (one < other ? 1 : one > other ? -1 : 0));
  return descending[quorum - 1] ?? 0n;
}
