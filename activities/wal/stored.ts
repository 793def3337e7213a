/** How far the stores hold a timeline without a hole. */
import { postgresOf } from '../../domain/config/names';
import { contiguousEnd } from '../../domain/intervals';
import { type Lsn, segmentOf } from '../../domain/lsn';
import { heldByQuorum } from '../../domain/quorum';
import type { SiteContext } from '../context';
import { openArchives } from './archives';

interface Position {
  systemIdentifier: string;
  timeline: number;
  from: Lsn;
}

/** What enough of the stores that get the component's WAL hold. `from` itself when nothing is stored. */
export async function storedUpTo(
  context: SiteContext,
  component: string,
  { systemIdentifier, timeline, from }: Position,
): Promise<Lsn> {
  const { wal } = postgresOf(context.config, context.site, component);
  const archives = await openArchives(context, systemIdentifier);
  const ends = await Promise.all(
    wal.to.map(async (name) => {
      const archive = archives.find(({ store }) => store.name === name);
      if (!archive) return from;
      return contiguousEnd(await archive.intervals(timeline, segmentOf(from, archive.segmentSize)), from);
    }),
  );
  return heldByQuorum(ends, wal.quorum);
}
