/**
 * One writer per archive and component, by a fencing token that lies in the store itself.
 *
 * Who begins to write takes the next generation with a conditional put. From then on every older writer finds its successor when it
 * looks, and ends with `fenced`. It looks before anything that replaces or deletes, and before what is put once at least every second.
 *
 * Guaranteed: of two that begin at once one wins; a stranger (another engine, another configuration) takes over only when the lease of
 * the one before it has lapsed by the store's clock, or was given back, so that two never drive each other out by turns; the next
 * run of the same shipper takes over at once, and a run older than the one that wrote last does not.
 * Not guaranteed: that nothing of a writer arrives after its successor began. No store compares one object while it writes another: what
 * is between the look and the put when its process is stopped arrives when the process goes on. docs/data-safety.md, B9 says what
 * that can be, and why it misleads no reader.
 */
import { randomUUID } from 'node:crypto';
import { HoldfastError } from '../../domain/errors';
import type { Store } from '../store';
import { dropOldClaims, newestClaim, putClaim, refuseWhileHeld, type Writer } from './claims';
import type { WriterNames } from './names';
import type { WalObjects } from './objects';

const renewMs = 5000;
export const lookMs = 1000;

export class Fence {
  private looked = Number.NEGATIVE_INFINITY;
  private renewed = performance.now();
  private looking?: Promise<void>;
  private lost?: HoldfastError;

  private constructor(
    private readonly store: Store,
    private readonly names: WriterNames,
    readonly generation: number,
    /** Whether the writer before it has not ended in order: it may be alive and not know. */
    readonly replaces: boolean,
  ) {}

  /** @throws HoldfastError `fenced` when another writes, or has written since this one was sent */
  static async take(store: Store, objects: WalObjects, names: WriterNames, writer: Writer): Promise<Fence> {
    const token = randomUUID();
    let replaces = false;
    for (;;) {
      const present = await newestClaim(store, objects, names);
      if (present?.claim?.token === token) {
        await dropOldClaims(store, names, present.generation);
        return new Fence(store, names, present.generation, replaces);
      }
      if (present) await refuseWhileHeld(store, present, writer);
      replaces = present !== undefined && !present.released;
      // A process may sleep for hours between the list and the put: what it put then counts only when it is the newest.
      await putClaim(store, objects, names.claim((present?.generation ?? 0) + 1), { ...writer, token });
    }
  }

  /**
   * @param now looks at the store whatever was seen a moment ago
   * @throws HoldfastError `fenced`
   */
  async assertHeld(now: boolean): Promise<void> {
    if (this.lost) throw this.lost;
    if (now) return await this.look();
    const age = performance.now() - this.looked;
    if (age >= lookMs) return await this.lookOnce();
    // Ahead of time and beside the work: under load no put has to wait for a look.
    if (age >= lookMs / 2) this.lookOnce().catch(() => undefined);
  }

  /** Gives the claim back, so that whoever comes need not wait for the lease. */
  async release(): Promise<void> {
    if (this.lost) return;
    await this.store.put(this.names.released(this.generation), Buffer.from('{}\n'), { ifAbsent: true });
  }

  private async lookOnce(): Promise<void> {
    this.looking ??= this.look().finally(() => {
      this.looking = undefined;
    });
    await this.looking;
  }

  private async look(): Promise<void> {
    const began = performance.now();
    if (!(await this.isNewest())) {
      this.lost = new HoldfastError('fenced', 'another shipper has taken over the WAL of this component', {
        where: `${this.store.name}, generation ${this.generation}`,
        hints: [
          'this one was taken for dead and writes nothing any more: nothing is to be done while the other one streams',
        ],
      });
      throw this.lost;
    }
    this.looked = Math.max(this.looked, began);
    if (began - this.renewed < renewMs) return;
    this.renewed = began;
    await this.store.put(this.names.lease(this.generation), Buffer.from('{}\n'));
  }

  /** The successor first: claims are dropped oldest first, so while ours is there a successor's is too. */
  private async isNewest(): Promise<boolean> {
    if (await this.store.head(this.names.claim(this.generation + 1))) return false;
    return (await this.store.head(this.names.claim(this.generation))) !== undefined;
  }
}
