/** What the works of one benchmark share. */
import { Bed, type BedOptions } from './bed';
import type { Holdfast } from './holdfast';
import { Lane, type StoreKind } from './lane';

export class Session {
  readonly bed: Bed;
  private readonly lanes = new Map<StoreKind, Lane>();
  private readonly ours = new Map<string, Holdfast>();

  constructor(readonly options: BedOptions) {
    this.bed = new Bed(options);
  }

  lane(store: StoreKind): Lane {
    const lane = this.lanes.get(store) ?? new Lane(this.bed, store);
    this.lanes.set(store, lane);
    return lane;
  }

  /** Ours, freshly started, so that its peak of memory is this work's. Everything else of ours is down meanwhile. */
  async holdfast(store: StoreKind, level?: number): Promise<Holdfast> {
    const name = `${store}-${level ?? 'default'}`;
    for (const other of this.ours.values()) await other.down();
    const there = this.ours.get(name);
    if (there) await there.up();
    const holdfast = there ?? (await this.lane(store).holdfast(name, level));
    this.ours.set(name, holdfast);
    return holdfast;
  }
}
