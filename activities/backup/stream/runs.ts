/** Gathers entries and packs into runs as they come, and writes the index of each run when its packs are stored. */
import type { RunIndex, StoredPack } from '../../../domain/pack';
import { runLimits } from '../../../domain/plan-runs';
import { addOutcomes, nothingDone, type RunOutcome } from '../../../domain/runs';
import type { TreeEntry } from '../../../domain/tree';

export class Runs {
  /** How many there are; all of them are written when `end` has returned. */
  count = 0;
  outcome: RunOutcome = nothingDone;
  private entries: TreeEntry[] = [];
  private packs: Promise<StoredPack | undefined>[] = [];
  private items = 0;
  private written: Promise<void> = Promise.resolve();

  constructor(
    private readonly packsPerRun: number,
    private readonly write: (index: Omit<RunIndex, 'generation'>) => Promise<void>,
  ) {}

  entry(entry: TreeEntry): void {
    this.entries.push(entry);
    this.items += 1;
    if (this.items >= runLimits.mostItems) this.close();
  }

  /** A pack on its way to the store: what it fails with comes out of `end`. */
  pack(stored: Promise<StoredPack | undefined>, slices: number): void {
    stored.catch(() => undefined);
    this.packs.push(stored);
    this.items += slices;
    if (this.packs.length >= this.packsPerRun || this.items >= runLimits.mostItems) this.close();
  }

  async end(): Promise<void> {
    if (this.entries.length > 0 || this.packs.length > 0) this.close();
    await this.written;
  }

  private close(): void {
    const { entries, packs } = this;
    const run = this.count++;
    [this.entries, this.packs, this.items] = [[], [], 0];
    // In order, so that the runs which are there tell where a stream was cut.
    this.written = this.written.then(async () => {
      const stored = (await Promise.all(packs)).filter((pack) => pack !== undefined);
      await this.write({ run, entries, packs: stored });
      this.outcome = addOutcomes(this.outcome, { ...nothingDone, ...sizesOf(stored) });
    });
    this.written.catch(() => undefined); // `end` awaits it
  }
}

function sizesOf(packs: StoredPack[]): Pick<RunOutcome, 'packs' | 'bytes' | 'storedBytes'> {
  const total = (amount: 'bytes' | 'storedBytes') => packs.reduce((sum, one) => sum + one[amount], 0);
  return { packs: packs.length, bytes: total('bytes'), storedBytes: total('storedBytes') };
}
