/** What a store's WAL archive tells of timelines: by their histories and marks, no WAL is listed. */
import type { KnownTimeline } from '../../domain/retention/timelines';
import type { RepositoryCopy } from '../copy';
import type { Repository } from '../repository';
import { WalArchive } from '../wal/archive';
import { walObjects } from '../wal/bind';

export function timelinesFrom(repository: Repository) {
  return async ({ store }: RepositoryCopy, systemIdentifier: string): Promise<KnownTimeline[]> => {
    const archive = await WalArchive.open(walObjects(repository), store, systemIdentifier);
    const known: KnownTimeline[] = [];
    for (const timeline of (await archive?.timelines()) ?? []) {
      const path = await archive?.timelinePath(timeline).catch(() => undefined);
      const mark = await archive?.readCoverage(timeline);
      known.push({
        timeline,
        path,
        until: mark && Math.max(Number(mark.serverTime / 1000n), mark.writtenAt.getTime()),
      });
    }
    return known;
  };
}
