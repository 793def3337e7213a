import type { RunPlan } from '../../domain/pack';
import { eachRun, type Plannable, type PlannableEntry, type PlanOptions, planRuns } from '../../domain/plan-runs';
import { rememberPacks } from '../../domain/previous-packs';
import type { Slice, TreeEntry } from '../../domain/tree';

const mib = 1024 * 1024;

function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function file(path: string, size: number, extents?: TreeEntry['extents']): TreeEntry {
  const entry: TreeEntry = {
    root: 'data',
    path,
    type: 'file',
    mode: 0o600,
    uid: 0,
    gid: 0,
    size,
    ino: '1',
    mtimeNs: '1',
    ctimeNs: '1',
  };
  return extents ? { ...entry, extents } : entry;
}

async function plan(entries: Iterable<Plannable>, options: Partial<PlanOptions> = {}) {
  const runs: RunPlan[] = [];
  const summary = await eachRun(planRuns(entries, { mayChange: false, ...options }), (run) => {
    runs.push(run);
  });
  return { runs, summary };
}

const slicesOf = (runs: RunPlan[]): Slice[] => runs.flatMap((run) => run.packs.flatMap((pack) => pack.slices));
const packsOf = (runs: RunPlan[]) => runs.flatMap((run) => run.packs);
const whole = (entry: TreeEntry): PlannableEntry => ({ entry });

/** What must hold of every plan, whatever was planned. */
function expectSound(items: PlannableEntry[], runs: RunPlan[], packBytes: number): void {
  expect(runs.map((run) => run.run)).toEqual(runs.map((_, index) => index));
  const planned = runs.flatMap((run) => run.entries.map((entry) => String(entry.path)));
  expect(planned.toSorted()).toEqual(items.map(({ entry }) => String(entry.path)).toSorted());
  const numbers = packsOf(runs).map((pack) => pack.pack);
  expect(new Set(numbers).size).toBe(numbers.length);
  for (const pack of packsOf(runs)) {
    expect(pack.slices.reduce((sum, slice) => sum + slice.length, 0)).toBeLessThanOrEqual(packBytes);
    expect(pack.slices.every((slice) => slice.length > 0)).toBe(true);
  }
  const stretches = new Map<string, [number, number][]>();
  for (const slice of slicesOf(runs)) {
    const list = stretches.get(String(slice.path)) ?? [];
    list.push([slice.offset, slice.offset + slice.length]);
    stretches.set(String(slice.path), list);
  }
  for (const { entry } of items) {
    const data = entry.type === 'file' ? (entry.extents ?? [{ offset: 0, length: entry.size }]) : [];
    const wanted = joined(data.map(({ offset, length }) => [offset, offset + length]));
    expect({ path: entry.path, data: joined(stretches.get(String(entry.path)) ?? []) }).toEqual({
      path: entry.path,
      data: wanted,
    });
  }
}

/** Sorted, neighbours joined; an overlap would stay visible. */
function joined(stretches: [number, number][]): [number, number][] {
  const found: [number, number][] = [];
  for (const [from, to] of stretches.filter(([a, b]) => a < b).toSorted((a, b) => a[0] - b[0] || a[1] - b[1])) {
    const last = found.at(-1);
    if (last?.[1] === from) last[1] = to;
    else found.push([from, to]);
  }
  return found;
}

function randomItems(seed: number, packBytes: number): PlannableEntry[] {
  const pick = random(seed);
  return Array.from({ length: 5 + pick(60) }, (_, index) => {
    const path = `${String(index).padStart(3, '0')}-${pick(1000)}`;
    const kind = pick(10);
    if (kind === 0) return { entry: { ...file(path, 0), type: 'directory' } };
    if (kind === 1) return whole(file(path, 0));
    if (kind === 2) {
      const size = 10 + pick(packBytes * 3);
      const middle = pick(size - 2) + 1;
      return whole(file(path, size, [{ offset: middle, length: pick(size - middle) + 1 }]));
    }
    return {
      entry: file(path, kind < 7 ? pick(packBytes / 4) : pick(packBytes * 4)),
      last: kind === 9 && index % 4 === 0,
    };
  });
}

test('every entry is in one run, every byte of data in one slice, and no pack is too full', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const packBytes = 100 + random(seed)(900);
    const items = randomItems(seed, packBytes);
    const limits = { fewestPacks: 1, mostPacks: 1 + (seed % 5), mostItems: 4 + (seed % 30) };
    const { runs, summary } = await plan(items, { packBytes, limits });
    expectSound(items, runs, packBytes);
    expect(packsOf(runs).map((pack) => pack.pack)).toEqual(packsOf(runs).map((_, index) => index));
    for (const run of runs) expect(run.packs.length).toBeLessThanOrEqual(limits.mostPacks);
    expect(summary).toMatchObject({ runs: runs.length, packs: packsOf(runs).length });
    expect(summary.bytes).toBe(slicesOf(runs).reduce((sum, slice) => sum + slice.length, 0));
  }
});

test('what is to come last is in runs of its own at the end', async () => {
  const items = [{ entry: file('a/pg_control', 8192), last: true }, whole(file('b', 5 * mib)), whole(file('c', 10))];
  const { runs, summary } = await plan(items);
  expect(runs.map((run) => run.entries.map((entry) => entry.path))).toEqual([['b', 'c'], ['a/pg_control']]);
  expect(summary.lastFrom).toBe(1);
  expect(runs[1]?.packs[0]?.slices).toHaveLength(1);
});

test('without anything last the summary points behind the last run', async () => {
  const { summary } = await plan([whole(file('a', 1))]);
  expect(summary).toMatchObject({ runs: 1, lastFrom: 1, files: 1, bytes: 1 });
});

test('an empty component has no runs, a component without bytes has entries', async () => {
  expect((await plan([])).summary).toMatchObject({ runs: 0, packs: 0 });
  const { runs } = await plan([{ entry: { ...file('', 0), type: 'directory' } }]);
  expect(runs).toEqual([{ run: 0, entries: [expect.objectContaining({ type: 'directory' })], packs: [] }]);
});

test('what cannot be backed up is named in the summary', async () => {
  const skipped = { path: 'run/socket', reason: 'a socket' };
  expect((await plan([{ skipped }, whole(file('a', 1))])).summary.skipped).toEqual([skipped]);
});

test('large files are cut at whole MiB, so that no page is divided, and checks and stamps go with every slice', async () => {
  const check = { kind: 'postgres-pages', pageSize: 8192, firstBlock: 131072, startLsn: '0/1' } as const;
  const items = [whole(file('a', 5000)), { entry: file('b', 100 * mib), check }];
  const { runs } = await plan(items, { mayChange: true });
  const slices = slicesOf(runs).filter((slice) => slice.path === 'b');
  expect(slices.map((slice) => slice.offset % mib)).toEqual(slices.map(() => 0));
  expect(slices).toEqual(slices.map(() => expect.objectContaining({ check, mayChange: true })));
  expect(slices[0]?.stamp).toEqual({ size: 100 * mib, ino: '1', mtimeNs: '1', ctimeNs: '1' });
});

test.each([
  [300 * mib, 4],
  [1024 * mib, 4],
  [4096 * mib, 16],
  [1024 * 1024 * mib, 64],
])('of about %d bytes a run holds %d packs', async (expectedBytes, packs) => {
  const files = Array.from({ length: 80 }, (_, index) => whole(file(`f${index}`, 32 * mib)));
  const { runs } = await plan(files, { expectedBytes });
  expect(runs[0]?.packs).toHaveLength(packs);
});

test('many tiny files make runs of limited length', async () => {
  const files = Array.from({ length: 25_000 }, (_, index) => whole(file(`f${index}`, 3)));
  const { runs } = await plan(files, { limits: { mostItems: 4000 } });
  for (const run of runs) {
    expect(run.entries.length).toBeLessThanOrEqual(4000);
    expect(run.packs.reduce((sum, pack) => sum + pack.slices.length, 0)).toBeLessThanOrEqual(4000);
  }
});

test('a new generation of an unchanged tree has the same packs', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const items = randomItems(seed, 500);
    const options = { packBytes: 500, limits: { fewestPacks: 1, mostPacks: 3 } };
    const first = await plan(items, options);
    const second = await plan(items, { ...options, previous: await rememberPacks(first.runs) });
    expect(second.runs.map((run) => run.packs)).toEqual(first.runs.map((run) => run.packs));
    expectSound(items, second.runs, 500);
  }
});

test('in later generations what still exists stays in its pack, and what is new gets numbers never used', async () => {
  for (let seed = 1; seed <= 60; seed++) {
    const packBytes = 600;
    const options = { packBytes, limits: { fewestPacks: 1, mostPacks: 1 + (seed % 4), mostItems: 10 + (seed % 20) } };
    let items = randomItems(seed, packBytes);
    let runs = (await plan(items, options)).runs;
    const firstGeneration = packsOf(runs).length;
    for (let generation = 2; generation <= 4; generation++) {
      const previous = await rememberPacks(runs, firstGeneration);
      const before = placesOf(runs);
      items = changed(items, seed * 10 + generation);
      runs = (await plan(items, { ...options, previous })).runs;
      expectSound(items, runs, packBytes);
      const wrong = [...placesOf(runs)].filter(([place, pack]) => {
        const known = before.get(place);
        return known === undefined ? pack < previous.next : pack !== known;
      });
      expect(wrong).toEqual([]);
    }
  }
});

/** The pack of every single byte. */
function placesOf(runs: RunPlan[]): Map<string, number> {
  const places = new Map<string, number>();
  for (const { pack, slices } of packsOf(runs)) {
    for (const slice of slices) {
      for (let at = slice.offset; at < slice.offset + slice.length; at++)
        places.set(`${String(slice.path)}:${at}`, pack);
    }
  }
  return places;
}

function changed(items: PlannableEntry[], seed: number): PlannableEntry[] {
  const pick = random(seed);
  const kept = items.flatMap((item): PlannableEntry[] => {
    if (item.entry.type !== 'file' || item.entry.extents) return [item];
    const fate = pick(6);
    if (fate === 0) return [];
    if (fate > 2) return [item];
    return [
      {
        ...item,
        entry: { ...item.entry, size: fate === 1 ? Math.floor(item.entry.size / 2) : item.entry.size + pick(900) },
      },
    ];
  });
  for (let added = pick(4); added > 0; added--) kept.push(whole(file(`${pick(100)}-new-${seed}-${added}`, pick(2000))));
  return kept.toSorted((a, b) => (String(a.entry.path) < String(b.entry.path) ? -1 : 1));
}

test('a petabyte is planned within bounded memory and at most 520 runs a TiB', async () => {
  const gib = 1024 * mib;
  const count = 1024 * 1024;
  function* files(): Generator<PlannableEntry> {
    for (let index = 0; index < count; index++) yield whole(file(`base/${index}`, gib));
  }
  let [runs, mostPacks] = [0, 0];
  const before = process.memoryUsage().rss;
  const summary = await eachRun(planRuns(files(), { mayChange: true, expectedBytes: count * gib }), (run) => {
    runs += 1;
    mostPacks = Math.max(mostPacks, run.packs.length);
  });
  expect({ mostPacks, bytes: summary.bytes }).toEqual({ mostPacks: 64, bytes: count * gib });
  expect(process.memoryUsage().rss - before).toBeLessThan(200 * mib);
  expect(runs / 1024).toBeLessThanOrEqual(520);
});
