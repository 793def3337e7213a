/** The coverage mark of each store: written one at a time, only forward, and never in the way of WAL. */
import { isFenced } from '../../../domain/errors';
import type { Micros } from '../../../domain/instant';
import type { Lsn } from '../../../domain/lsn';
import type { WalArchive } from '../../../repository/wal/archive';
import type { Coverage } from '../../../repository/wal/marks';
import type { CoverageProof, Mark } from './coverage-proof';

interface Marking {
  written?: Mark;
  busy?: boolean;
  /** Of the timeline's first mark; unknown until the store was asked. */
  beginning?: { since?: Micros };
}

export class CoverageMarks {
  private readonly stores = new Map<WalArchive, Marking>();

  constructor(
    private readonly proof: CoverageProof,
    private readonly timeline: number,
    private readonly intervalMs: number,
    private readonly told: { onWritten: () => void; onFenced: (error: unknown) => void },
  ) {}

  get busy(): boolean {
    return [...this.stores.values()].some((one) => one.busy);
  }

  /** What at least so many stores have marked. */
  covered(quorum: number): Mark | undefined {
    const written = [...this.stores.values()].flatMap((one) => one.written ?? []);
    return written.sort((one, other) => (one.serverTime < other.serverTime ? 1 : -1))[quorum - 1];
  }

  /** Marks what the store holds by now, unless that was done a moment ago. */
  mark(archive: WalArchive, stored: Lsn): void {
    const one = this.stores.get(archive) ?? {};
    this.stores.set(archive, one);
    const apart = BigInt(this.intervalMs) * 500n; // microseconds: half an interval
    const mark = this.proof.newest(stored);
    if (!mark || one.busy || mark.serverTime < (one.written?.serverTime ?? 0n) + apart) return;
    one.busy = true;
    this.write(archive, one, mark)
      .catch((error: unknown) => {
        // The next mark says more than this one did; but on a quiet server only marks tell a writer that it was replaced.
        if (isFenced(error)) this.told.onFenced(error);
      })
      .finally(() => {
        one.busy = false;
      });
  }

  /** Every mark carries the time of the timeline's first one, so that a time can be told to lie before the timeline began. */
  private async write(archive: WalArchive, one: Marking, mark: Mark): Promise<void> {
    const beginning = one.beginning ?? beginningOf(await archive.readCoverage(this.timeline), mark);
    await archive.writeCoverage(this.timeline, { ...mark, ...beginning });
    one.beginning = beginning;
    one.written = mark;
    this.told.onWritten();
  }
}

/** A mark that does not tell when its timeline began leaves it untold. */
function beginningOf(there: Coverage | undefined, first: Mark): { since?: Micros } {
  if (!there) return { since: first.serverTime };
  return there.since === undefined ? {} : { since: there.since };
}
