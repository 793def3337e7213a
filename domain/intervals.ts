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

/** What of `whole` lies in none of the merged stretches; ascends when `whole` does. */
export function without<T extends bigint | number>(whole: Interval<T>[], merged: Interval<T>[]): Interval<T>[] {
  return whole.flatMap(({ from, to }) => {
    const left: Interval<T>[] = [];
    let at = from;
    for (const cut of merged) {
      if (cut.to <= at || cut.from >= to) continue;
      if (cut.from > at) left.push({ from: at, to: cut.from });
      at = cut.to;
    }
    return at < to ? [...left, { from: at, to }] : left;
  });
}

/** What lies in both; `merged` is. */
export function within<T extends bigint | number>(merged: Interval<T>[], { from, to }: Interval<T>): Interval<T>[] {
  return merged
    .map((one) => ({ from: one.from > from ? one.from : from, to: one.to < to ? one.to : to }))
    .filter((one) => one.from < one.to);
}

export function overlap<T extends bigint | number>(one: Interval<T>, other: Interval<T>): boolean {
  return one.from < other.to && other.from < one.to;
}
