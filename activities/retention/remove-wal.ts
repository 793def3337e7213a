import { parseLsn } from '../../domain/lsn';
import type { RetentionPart, StageDone } from '../../domain/retention/requests';
import { walStage } from '../../repository/retention/wal-stage';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import { removeWal } from '../../repository/wal/remove';
import type { SiteContext } from '../context';
import { attemptName } from './run';
import { openStage } from './stages';

/** WAL that no backup of the plan needs, nor any that is seen now. What is made since lies behind all of it. */
export async function removeOldWal(context: SiteContext, part: RetentionPart): Promise<StageDone> {
  const { copy, plan, run } = await openStage(context, part);
  const objects = walObjects(await context.repository());
  const done: StageDone = { count: 0, left: [] };
  for (const { component, systemIdentifier, windows, spans } of await walStage(run.copies, plan, run)) {
    const archive = await WalArchive.open(objects, copy.store, systemIdentifier);
    if (archive === undefined) continue;
    const removal = await removeWal(copy, archive, {
      windows: windows.map(({ timeline, from }) => ({ timeline, from: parseLsn(from) })),
      spans: spans.map(({ timeline, from, to }) => ({ timeline, from: parseLsn(from), to: parseLsn(to) })),
      remover: attemptName(),
      signal: run.signal,
    });
    done.count += removal.objects;
    const [lease] = removal.gaveWayTo;
    if (lease) done.left.push(`WAL of ${component} stays in ${copy.store.name}: it is in use by ${lease.holder}`);
  }
  return done;
}
