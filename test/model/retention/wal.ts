/** Takes WAL away as the removal of WAL does: all of a system that no window and no span of the plan keeps. */
import { type Interval, merge, without } from '../../../domain/intervals';
import { parseLsn } from '../../../domain/lsn';
import type { WalNeed } from '../../../domain/retention/types';
import type { MemoryStore } from '../../support/memory-store';
import type { World } from './world';

const endless = 1n << 62n;

export function removeWal(world: World, site: string, store: MemoryStore, needs: WalNeed[]): void {
  const database = world.database(site);
  for (const { systemIdentifier: system, windows, spans } of needs) {
    for (const timeline of database.timelinesOf(system)) {
      const lives = system === database.system && timeline === database.timeline;
      const written = lives ? database.lsn : endless;
      const kept: Interval<bigint>[] = spans
        .filter((one) => one.timeline === timeline)
        .map(({ from, to }) => ({ from: parseLsn(from), to: parseLsn(to) }));
      for (const window of windows) {
        const from = parseLsn(window.from);
        if (window.timeline === timeline) kept.push({ from, to: endless });
        else if (database.leads({ system, timeline: window.timeline, lsn: from }, { system, timeline, lsn: endless }))
          kept.push({ from: 0n, to: endless });
      }
      world.loseWal(store, system, timeline, without([{ from: 0n, to: written }], merge(kept)));
    }
  }
}
