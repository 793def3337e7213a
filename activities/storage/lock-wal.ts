/**
 * Locking the WAL that makes a backup consistent, from its start to its end, as long as the backup itself. Guaranteed: what is told as locked is all of it,
 * without a hole. Not guaranteed: that it is there; a store that lags behind gets it later, and then it is not locked.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { PostgresFacts } from '../../domain/backup';
import { isHoldfastError } from '../../domain/errors';
import { contiguousEnd, merge } from '../../domain/intervals';
import { parseLsn, segmentOf, segmentStart } from '../../domain/lsn';
import type { RepositoryCopy } from '../../repository/copy';
import { lockAll } from '../../repository/locks/extend';
import type { Lock } from '../../repository/store-capabilities';
import { markerKey, type StoredPiece } from '../../repository/wal/names';
import type { SiteContext } from '../context';
import { openArchives } from '../wal/archives';

/** How long a segment that the server has left may take until it is stored whole, in place of its parts. */
export const wholeWithinMs = 60_000;
const pollMs = 500;

/** @returns whether this store holds all of it */
export async function lockWal(
  context: SiteContext,
  copy: RepositoryCopy,
  { systemIdentifier, timeline, startLsn, stopLsn }: PostgresFacts,
  { lock, patienceMs }: { lock: Lock; patienceMs: number },
): Promise<boolean> {
  const archives = await openArchives(context, systemIdentifier);
  const archive = archives.find(({ store }) => store.name === copy.store.name);
  if (archive === undefined) return false;
  const size = archive.segmentSize;
  const span = { from: parseLsn(startLsn), to: parseLsn(stopLsn) };
  const [first, last] = [segmentOf(span.from, size), segmentOf(span.to - 1n, size)];
  const history = timeline > 1 && (await archive.hasHistory(timeline)) ? [archive.names.history(timeline)] : [];
  for (const since = Date.now(); ; await sleep(pollMs, undefined, { signal: cancellationSignal() })) {
    heartbeat(String(last));
    const pieces = await archive.pieces(timeline, first, last + 1n);
    const whole = new Set(pieces.filter((one) => one.whole).map(({ segment }) => segment));
    // A standby leaves no segment when a backup ends: there the parts are what there is.
    if (BigInt(whole.size) <= last - first && Date.now() - since < patienceMs) continue;
    const used = pieces.filter((one) => one.whole || !whole.has(one.segment));
    if (await lockedAll(copy, [markerKey(systemIdentifier), ...history, ...used.map(({ key }) => key)], lock))
      return contiguousEnd(merge(used.map((one) => stretchOf(one, size))), span.from) >= span.to;
  }
}

function stretchOf({ segment, whole, from, to }: StoredPiece, size: number) {
  const start = segmentStart(segment, size);
  return { from: start + BigInt(whole ? 0 : from), to: start + BigInt(whole ? size : to) };
}

/** False: a segment took the place of its parts meanwhile. */
async function lockedAll(copy: RepositoryCopy, keys: string[], lock: Lock): Promise<boolean> {
  try {
    await lockAll(copy, keys, lock, { signal: cancellationSignal(), progress: heartbeat });
    return true;
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'object_not_found') return false;
    throw error;
  }
}
