/**
 * The stores as the metrics read them, kept open for as long as the process lives.
 *
 * Guaranteed: a store that does not answer holds up the reading of no other, and is tried again. Not guaranteed: a figure for a store that is
 * away.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import type { Config } from '../../domain/config/types';
import type { Repository } from '../../repository/repository';

const reopenEveryMs = 60_000;

export class OpenStores {
  private repository?: Repository;
  private opening?: Promise<void>;
  private openedAt = Number.NEGATIVE_INFINITY;

  constructor(private readonly config: Config) {}

  /** Undefined before the first backup. */
  async open(patienceMs: number): Promise<Repository | undefined> {
    const whole = this.repository !== undefined && this.repository.unavailable.length === 0;
    const due = this.repository === undefined || performance.now() - this.openedAt > reopenEveryMs;
    if (!whole && due) await answered(this.openNow(), patienceMs);
    return this.repository;
  }

  async close(): Promise<void> {
    await this.repository?.close();
  }

  private openNow(): Promise<void> {
    this.opening ??= this.replace().finally(() => {
      this.opening = undefined;
    });
    return this.opening;
  }

  private async replace(): Promise<void> {
    const next = await openConfiguredRepository(this.config);
    const before = this.repository;
    [this.repository, this.openedAt] = [next, performance.now()];
    await before?.close();
  }
}

/** What comes of it within the time; undefined when it fails, or nothing does. */
export async function answered<T>(asked: Promise<T>, patienceMs: number): Promise<T | undefined> {
  return await Promise.race([asked.catch(() => undefined), sleep(patienceMs, undefined, { ref: false })]);
}
