/** Waits for our own ledger, never for the server's archiver (docs/data-safety.md, A2). */
import { setTimeout as delay } from 'node:timers/promises';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { HoldfastError } from '../../domain/errors';
import { formatLsn, type Lsn } from '../../domain/lsn';
import type { SiteContext } from '../context';
import { storedUpTo } from '../wal/stored';

const pollMs = 200;
/** A quiet server fills no segment: what is missing is sent as soon as it is there, so this long without progress is a fault. */
const stuckAfterMs = 10 * 60_000;

interface Stretch {
  systemIdentifier: string;
  timeline: number;
  from: Lsn;
  to: Lsn;
}

/** @throws HoldfastError `wal_not_stored` when nothing of it arrives for ten minutes */
export async function awaitStored(
  context: SiteContext,
  name: string,
  { systemIdentifier, timeline, from, to }: Stretch,
): Promise<void> {
  let best = from;
  for (let since = Date.now(); ; await delay(pollMs, undefined, { signal: cancellationSignal() })) {
    const end = await storedUpTo(context, name, { systemIdentifier, timeline, from });
    heartbeat({ stored: String(end), needed: formatLsn(to) });
    if (end >= to) return;
    if (end > best) [best, since] = [end, Date.now()];
    if (Date.now() - since <= stuckAfterMs) continue;
    throw new HoldfastError('wal_not_stored', `the WAL of ${name} did not reach the store up to ${formatLsn(to)}`, {
      hints: [
        '`holdfast status` says whether its shipper runs',
        'the backup cannot be restored without that WAL and is discarded',
      ],
    });
  }
}
