/** How far the stores hold what a server pushes by itself: asked of the stores, whatever its archiver says. */
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import type { ServerFacts } from '../../components/postgres/server';
import type { Config, PostgresComponent } from '../../domain/config/types';
import { formatLsn, type Lsn, parseLsn, segmentOf } from '../../domain/lsn';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import { type Finding, ok, problem } from './finding';

/** The segment that is being written cannot be there yet, and the one before it may be on its way. */
const segmentsBehind = 2n;
/** So far back is looked for what is stored. */
const segmentsLookedAt = 64n;

export async function checkArchived(config: Config, { wal }: PostgresComponent, facts: ServerFacts): Promise<Finding> {
  const at = parseLsn(facts.walLsn);
  const end = await storedEnd(config, wal.to, facts, at);
  const behind = segmentOf(at, facts.walSegmentSize) - segmentOf(end ?? 0n, facts.walSegmentSize);
  if (end !== undefined && behind < segmentsBehind) {
    return ok('wal_archived', `the stores hold the server's WAL up to ${formatLsn(end)}`);
  }
  const what =
    end === undefined
      ? 'the stores hold none of the WAL that the server wrote last'
      : `the stores hold the server's WAL up to ${formatLsn(end)}, ${behind} segments behind it`;
  return problem('wal_not_stored', what, "look into the server's log for what archive_command says");
}

/** What every store has: the least counts. */
async function storedEnd(config: Config, stores: string[], facts: ServerFacts, at: Lsn): Promise<Lsn | undefined> {
  const repository = await openConfiguredRepository(config);
  try {
    const objects = walObjects(repository, stores);
    const current = segmentOf(at, facts.walSegmentSize);
    const from = current > segmentsLookedAt ? current - segmentsLookedAt : 0n;
    const ends = objects.stores.map(async (store) => {
      const archive = await WalArchive.open(objects, store, facts.systemIdentifier);
      return (await archive?.intervals(facts.timeline, from))?.at(-1)?.to;
    });
    const found = await Promise.all(ends);
    return found.reduce((least, end) => (least === undefined || end === undefined || end < least ? end : least));
  } finally {
    await repository.close();
  }
}
