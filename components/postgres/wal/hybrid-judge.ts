/**
 * When commits are to wait for the stores in mode `hybrid`, from how long they wait or would.
 *
 * One wait above the threshold ends it at once: that is what the threshold promises. It begins again when no wait has been longer than
 * half the threshold for a while, and for ever longer (up to a bound) while each attempt ends soon, so that a store at its limit does
 * not make the mode flap.
 */
export interface HybridOptions {
  thresholdMs: number;
  /** How long all must have been well before commits wait (again). */
  calmMs: number;
}

const mostCalmMs = 5 * 60_000;

export class HybridJudge {
  private calmSince?: number;
  private waitingSince?: number;
  private neededMs: number;

  constructor(private readonly options: HybridOptions) {
    this.neededMs = options.calmMs;
  }

  /**
   * Whether commits should wait from now on.
   * @param waitedMs the longest that a commit has waited for the stores, or would have, since this was last asked; infinite when nothing is shipped
   * @param waiting whether commits wait by now
   */
  judge(now: number, waitedMs: number, waiting: boolean): boolean {
    const { thresholdMs, calmMs } = this.options;
    if (waiting) this.waitingSince ??= now;
    if (waitedMs > (waiting ? thresholdMs : thresholdMs / 2)) {
      // Commits that cannot be let go, since the server is out of reach, still wait when it is asked again: that is the same relapse.
      const wasCalm = this.calmSince !== undefined;
      this.calmSince = undefined;
      if (waiting && wasCalm) this.relapse(now);
      return false;
    }
    this.calmSince ??= now;
    if (waiting) return true;
    this.waitingSince = undefined;
    return now - this.calmSince >= Math.max(calmMs, this.neededMs);
  }

  /** A time of waiting that was no longer than the calm before it was begun too early. */
  private relapse(now: number): void {
    const lasted = now - (this.waitingSince ?? now);
    this.waitingSince = undefined;
    this.neededMs = lasted < 6 * this.neededMs ? Math.min(mostCalmMs, 2 * this.neededMs) : this.options.calmMs;
  }
}
