/** Pure arithmetic on half-open stretches: what is stored without a hole, and what lies between. */
export interface Interval<T> {
  from: T;
  to: T;
}

/** Joins what touches or overlaps; the result ascends. */
export function merge<T extends bigint | number>(stretches: Interval<T>[]): Interval<T>[] {
  const sorted = [...stretches].sort((a, b) => (a.from < b.from ? -1 : a.from > b.from ? 1 : 0));
  const merged: Interval<T>[] = [];
  for (const { from, to } of sorted) {
    const last = merged.at(-1);
    if (last && from <= last.to) {
      if (to > last.to) last.to = to;
    } else if (to > from) {
      merged.push({ from, to });
    }
  }
  return merged;
}

/** The holes between merged stretches. */
export function holes<T extends bigint | number>(merged: Interval<T>[]): Interval<T>[] {
  return merged.slice(1).map((next, index) => ({ from: (merged[index] as Interval<T>).to, to: next.from }));
}

/** How far one can go from `start` without meeting a hole: `start` itself when it is not stored. */
export function contiguousEnd<T extends bigint | number>(merged: Interval<T>[], start: T): T {
  return merged.find(({ from, to }) => from <= start && start < to)?.to ?? start;
}
