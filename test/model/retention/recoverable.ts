/** Which moments can be restored from a store, by the WAL that it has and the backups that it offers. */
import type { BackupHead } from '../../../domain/backup';
import type { Position } from './database';
import type { Seen } from './snapshot';
import { day, type Moment, type Truth, type World } from './world';

type Say = (what: string) => void;

/**
 * Every moment of the window could be restored before: then it can be now, also from where backups have moved to. Without a window: every moment since a backup
 * that is still offered.
 */
export function lostMoments(world: World, was: Seen, is: Seen, say: Say, below?: Seen): void {
  const { wal } = world.config.retention;
  for (const moment of world.moments) {
    const inWindow = wal !== undefined && moment.at >= world.now - wal;
    if (wal !== undefined && !inWindow) continue;
    const [before, after] = [begins(world, was, moment), begins(world, is, moment)];
    const offered = before.filter(({ id }) => is.heads.get(id)?.status === 'completed');
    if (wal !== undefined && below !== undefined && begins(world, below, moment).length > 0) continue;
    if (before.length > 0 && after.length === 0 && (wal !== undefined || offered.length > 0))
      say(`the state of ${moment.site} ${Math.round((world.now - moment.at) / day)} days ago can be restored no more`);
  }
  for (const [id, truth] of offeredTruths(world, is)) {
    if (!was.heads.has(id) || !is.heads.get(id)?.databases) continue;
    const consistent = (seen: Seen) => world.replays(seen.gone, seen.store, truth.site, truth.begin, truth.end);
    if (consistent(was) && !consistent(is)) say(`the WAL that makes ${id} consistent is gone`);
  }
}

/** A point that is offered can be replayed to, as it could. */
export function lostPoints(world: World, was: Seen, is: Seen, say: Say): void {
  for (const [id, truth] of offeredTruths(world, is)) {
    if (!is.heads.get(id)?.marks) continue;
    const to = { site: truth.site, at: truth.at, ...truth.end };
    if (begins(world, was, to).length > 0 && begins(world, is, to).length === 0)
      say(`${id} is offered, and nothing to replay it from is there`);
  }
}

function* offeredTruths(world: World, { heads }: Seen): Iterable<[string, Truth]> {
  for (const [id, { status }] of heads) {
    const truth = world.truths.get(id);
    if (status === 'completed' && truth) yield [id, truth];
  }
}

/** Backups that a restore of the moment may begin with. */
function begins(world: World, seen: Seen, moment: Moment | (Position & { site: string })): BackupHead[] {
  return [...seen.heads.values()].filter((head) => {
    const truth = world.truths.get(head.id);
    if (!truth || head.status !== 'completed' || !head.databases || truth.site !== moment.site) return false;
    return (
      world.database(truth.site).leads(truth.end, moment) &&
      world.replays(seen.gone, seen.store, truth.site, truth.begin, moment)
    );
  });
}
