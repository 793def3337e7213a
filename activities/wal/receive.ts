/** The shipper's activity: runs for as long as its worker does, and is taken up by the next worker where the stores end. */
import { CancelledFailure, Context } from '@temporalio/activity';
import { connectionOf } from '../../components/config-file/open-repository';
import { masked } from '../../components/config-file/secrets';
import { type ReceiverProgress, runReceiver } from '../../components/postgres/wal/receiver';
import { slotName } from '../../components/postgres/wal/replication';
import { postgresOf } from '../../domain/config/names';
import type { WalMode } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { formatInstant } from '../../domain/instant';
import { formatLsn } from '../../domain/lsn';
import type { ShippingRequest } from '../../domain/requests';
import type { ShipperDetails } from '../../domain/shipping';
import type { SiteContext } from '../context';
import type { ShippingEnd } from '../contracts';
import { walStores } from './archives';

/** On a quiet server a mark says how far its clock is covered; each is one small request. */
const coverageIntervalMs = 1000;
const shownEveryMs = 200;

export async function receiveWal(context: SiteContext, { component }: ShippingRequest): Promise<ShippingEnd> {
  const configured = postgresOf(context.config, context.site, component);
  const { wal } = configured;
  if (wal.source === 'command') {
    throw new HoldfastError('usage', `the server of ${component} pushes its WAL itself: nothing is received`, {
      hints: ['end this shipper: holdfast abort it, or terminate its workflow'],
    });
  }
  // Callbacks of the stream run outside the activity's own chain of calls: they are given its context.
  const activity = Context.current();
  const { cancellationSignal: signal, log } = activity;
  const last = await runReceiver({
    connection: await connectionOf(configured),
    slot: slotName(context.config.system, context.site, component),
    stores: walStores(context, component),
    ...{ mode: wal.mode, quorum: wal.quorum, retries: wal.retries, retryDelayMs: wal.retryDelay },
    thresholdMs: wal.syncThreshold,
    // Thought dead, this receiver is followed by another one: commits go on waiting for that.
    isOver: () =>
      activity.cancellationDetails?.cancelRequested || activity.cancellationDetails?.workerShutdown || false,
    intervalMs: wal.interval,
    coverageIntervalMs: wal.mode === 'async' ? Math.max(coverageIntervalMs, wal.interval) : coverageIntervalMs,
    signal,
    onProgress: seldom((progress) => activity.heartbeat(shown(progress, wal.mode))),
    log: (message) => log.info(message, { component }),
  });
  if (signal.aborted) throw new CancelledFailure(String(signal.reason));
  return {
    message: `the receiver ended at ${last.flushedLsn === undefined ? 'no position' : formatLsn(last.flushedLsn)}`,
  };
}

/** Under load progress is made a thousand times a second, and a quiet stream makes some each second. */
function seldom(show: (progress: ReceiverProgress) => void): (progress: ReceiverProgress) => void {
  let [shownAt, state] = [Number.NEGATIVE_INFINITY, ''];
  return (progress) => {
    if (progress.state === state && performance.now() - shownAt < shownEveryMs) return;
    [shownAt, state] = [performance.now(), progress.state];
    show(progress);
  };
}

function shown(progress: ReceiverProgress, mode: WalMode): ShipperDetails {
  const { state, timeline, flushedLsn, serverLsn, lagBytes, coverage, commits, stores, trouble } = progress;
  return {
    ...{ state, timeline, lagBytes, mode },
    flushed: flushedLsn === undefined ? undefined : formatLsn(flushedLsn),
    server: serverLsn === undefined ? undefined : formatLsn(serverLsn),
    coveredTo: coverage === undefined ? undefined : formatInstant(coverage.serverTime),
    commits: commits && { state: commits.commits, since: formatInstant(commits.at), reason: commits.reason },
    stores: stores.map((one) => ({
      store: one.store,
      behind: one.behind,
      stored: formatLsn(one.stored),
      lagBytes: serverLsn === undefined ? 0 : Math.max(0, Number(serverLsn - one.stored)),
      lagSeconds: Math.round(one.waitedMs) / 1000,
      trouble: one.trouble && masked(one.trouble).message,
    })),
    trouble: trouble && masked(trouble).message,
  };
}
