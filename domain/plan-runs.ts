/**
 * Plans the runs of a component out of the entries of its trees, as they come from the walk.
 *
 * Guaranteed: every entry is in exactly one run, every byte of data of every file in exactly one slice, every slice in one
 * pack, and no pack above its limit; small files share packs, large ones are cut where pages end; what is to come last is in
 * runs of its own at the end. With the packs of an earlier generation: what those hold stays where it is, and what is new gets
 * numbers that no pack had before.
 * Memory: about one run (and, with an earlier generation, what is new and does not fill a run yet).
 */
import type { Extent } from './blocks';
import { packBytes as mostBytes, type PlannedPack, type PlanSummary, type RunPlan } from './pack';
import { PackFiller, type SliceOf } from './plan-packs';
import { stretchesOf, windowsOf } from './plan-stretches';
import type { PreviousPacks } from './previous-packs';
import type { BasisRef, ReadCheck, Slice, TreeEntry } from './tree';

export interface PlannableEntry {
  entry: TreeEntry;
  check?: ReadCheck;
  /** To be stored after everything else. */
  last?: boolean;
  /** Of a file that the chain holds already: what may be another now. Absent: all of it is to be stored. */
  change?: FileChange;
}

export type FileChange =
  /** Nothing: it is not read. */
  | { kind: 'none' }
  /** Nothing but these stretches. */
  | { kind: 'extents'; extents: Extent[] }
  /** Whatever differs, block by block, from what the chain holds of a stretch. */
  | { kind: 'compare'; basisOf: (offset: number, length: number) => BasisRef[] };

export type Plannable = PlannableEntry | { skipped: { path: string; reason: string } };

export interface PlanOptions {
  /** Whether files are expected to change while they are read, see {@link Slice}. */
  mayChange: boolean;
  /** About how much there is: small systems get shorter runs, so that several can be stored at once. */
  expectedBytes?: number;
  /** The plan of the generation before, see `previous-packs.ts`. */
  previous?: PreviousPacks;
  packBytes?: number;
  limits?: Partial<RunLimits>;
}

export interface RunLimits {
  /** Runs aimed at, as long as that leaves them {@link RunLimits.fewestPacks}. */
  runs: number;
  fewestPacks: number;
  mostPacks: number;
  /** Of entries and of slices in a run: they are read and written as one object. */
  mostItems: number;
}

export const runLimits: RunLimits = { runs: 8, fewestPacks: 4, mostPacks: 64, mostItems: 10_000 };

/** Small systems get shorter runs, so that several can be worked on at once. */
export function packsPerRun(
  expectedBytes = Number.POSITIVE_INFINITY,
  packBytes = mostBytes,
  limits = runLimits,
): number {
  const { runs, fewestPacks, mostPacks } = limits;
  return Math.min(Math.max(Math.ceil(expectedBytes / packBytes / runs), fewestPacks), mostPacks);
}

/** A run that is full of tiny files still has several packs to work on at once. */
export function slicesPerPack({ mostItems, fewestPacks } = runLimits): number {
  return Math.ceil(mostItems / fewestPacks);
}

/** Yields the runs in order; its return value is the summary, see {@link eachRun}. */
export async function* planRuns(
  entries: Iterable<Plannable> | AsyncIterable<Plannable>,
  options: PlanOptions,
): AsyncGenerator<RunPlan, PlanSummary, void> {
  const plan = new RunPlanner(options);
  const last: PlannableEntry[] = [];
  for await (const item of entries) {
    if ('skipped' in item) plan.summary.skipped.push(item.skipped);
    else if (item.last) last.push(item);
    else yield* plan.add(item);
  }
  yield* plan.flush();
  plan.summary.lastFrom = plan.summary.runs;
  for (const item of last) yield* plan.add(item);
  yield* plan.flush();
  return plan.summary;
}

/** Hands each run of a plan on and returns the plan's summary. */
export async function eachRun(
  plan: AsyncGenerator<RunPlan, PlanSummary, void>,
  take: (run: RunPlan) => Promise<void> | void,
): Promise<PlanSummary> {
  for (;;) {
    const { done, value } = await plan.next();
    if (done) return value;
    await take(value);
  }
}

class RunPlanner {
  readonly summary: PlanSummary = { runs: 0, packs: 0, files: 0, bytes: 0, lastFrom: 0, skipped: [] };
  private readonly limits: RunLimits;
  private readonly packsPerRun: number;
  private readonly packs: PackFiller;
  private entries: TreeEntry[] = [];
  private ready: PlannedPack[] = [];
  private items = 0;

  constructor(private readonly options: PlanOptions) {
    const packBytes = options.packBytes ?? mostBytes;
    this.limits = { ...runLimits, ...options.limits };
    this.packsPerRun = packsPerRun(options.expectedBytes, packBytes, this.limits);
    this.packs = new PackFiller(packBytes, slicesPerPack(this.limits), options.previous);
  }

  *add({ entry, check, change }: PlannableEntry): Generator<RunPlan, void, void> {
    const { mayChange } = this.options;
    this.entries.push(change === undefined ? entry : { ...entry, inherits: true });
    this.items += 1;
    if (entry.type === 'file') this.summary.files += 1;
    const { size, ino, mtimeNs, ctimeNs, root, path } = entry;
    const common: Omit<Slice, 'offset' | 'length'> = { root, path, stamp: { size, ino, mtimeNs, ctimeNs }, mayChange };
    if (check !== undefined && check.kind !== 'none') common.check = check;
    for (const pack of this.packsOf(entry, common, change)) yield* this.take(pack);
    if (this.items >= this.limits.mostItems) yield this.close();
  }

  private *packsOf(
    entry: TreeEntry,
    common: Omit<Slice, 'offset' | 'length'>,
    change: FileChange | undefined,
  ): Generator<PlannedPack, void, void> {
    if (change?.kind === 'none') return;
    if (change?.kind === 'extents') {
      for (const part of windowsOf(change.extents)) yield* this.packs.putWhole({ ...common, ...part });
      return;
    }
    const sliceOf: SliceOf = (offset, length) => {
      const basis = change?.basisOf(offset, length) ?? [];
      return basis.length === 0 ? { ...common, offset, length } : { ...common, offset, length, basis };
    };
    for (const stretch of stretchesOf(entry, this.options.previous?.slicesOf(entry.root, entry.path))) {
      yield* this.packs.put(sliceOf, stretch);
    }
  }

  /** Ends what is open. */
  *flush(): Generator<RunPlan, void, void> {
    for (const pack of this.packs.flush()) yield* this.take(pack);
    if (this.entries.length > 0 || this.ready.length > 0) yield this.close();
  }

  private *take(pack: PlannedPack): Generator<RunPlan, void, void> {
    if (this.ready.length > 0 && this.items + pack.slices.length > this.limits.mostItems) yield this.close();
    this.ready.push(pack);
    this.items += pack.slices.length;
    this.summary.packs += 1;
    for (const slice of pack.slices) this.summary.bytes += slice.length;
    if (this.ready.length >= this.packsPerRun || this.items >= this.limits.mostItems) yield this.close();
  }

  private close(): RunPlan {
    const run = { run: this.summary.runs, entries: this.entries, packs: this.ready.sort((a, b) => a.pack - b.pack) };
    this.summary.runs += 1;
    this.entries = [];
    this.ready = [];
    this.items = 0;
    return run;
  }
}
