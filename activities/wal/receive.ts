/** The shipper's activity: runs for as long as its worker does, and is taken up by the next worker where the stores end. */
import { CancelledFailure, Context } from '@temporalio/activity';
import { connectionOf } from '../../components/config-file/open-repository';
import { masked } from '../../components/config-file/secrets';
import type { Checked } from '../../components/postgres/wal/ledger/keep';
import type { Settled } from '../../components/postgres/wal/ledger/stock';
import { type ReceiverProgress, runReceiver } from '../../components/postgres/wal/receiver';
import { slotName } from '../../components/postgres/wal/replication';
import { watchSlot } from '../../components/postgres/wal/watch-slot';
import { postgresOf } from '../../domain/config/names';
import type { WalMode } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { formatInstant } from '../../domain/instant';
import { formatLsn } from '../../domain/lsn';
import type { ShipperDetails } from '../../domain/shipping';
import type { SlotRoom } from '../../domain/slot-room';
import type { WalArchive } from '../../repository/wal/archive';
import type { SiteContext } from '../context';
import type { ReceiveRequest, ShippingEnd } from '../contracts';
import { walStores } from './archives';
import { keepLedgerBeside } from './keep-ledger';

/** On a quiet server a mark says how far its clock is covered; each is one small request. */
const coverageIntervalMs = 1000;
const shownEveryMs = 200;

export async function receiveWal(context: SiteContext, { component, line }: ReceiveRequest): Promise<ShippingEnd> {
  const configured = postgresOf(context.config, context.site, component);
  const { wal } = configured;
  if (wal.source === 'command') {
    throw new HoldfastError('usage', `the server of ${component} pushes its WAL itself: nothing is received`, {
      hints: ['end this shipper: holdfast abort it, or terminate its workflow'],
    });
  }
  // Callbacks of the stream run outside the activity's own chain of calls: they are given its context.
  const activity = Context.current();
  const { cancellationSignal, log, info } = activity;
  const writer = { line: line ?? info.workflowExecution?.runId ?? '', turn: info.currentAttemptScheduledTimestampMs };
  const ending = new AbortController();
  const signal = AbortSignal.any([cancellationSignal, ending.signal]);
  const connection = await connectionOf(configured);
  const slot = slotName(context.config.system, context.site, component);
  const archives: WalArchive[] = [];
  let latest: ReceiverProgress | undefined;
  let checked: Checked | undefined;
  let backup: ShippingEnd['backup'];
  let room: SlotRoom | undefined;
  const tell = () => latest && activity.heartbeat(shown(latest, wal.mode, checked, room));
  const ledger = keepLedgerBeside(context, {
    ...{ component, connection, slot, signal },
    archives: () => archives,
    settled: (store) => settledIn(store, latest),
    log: (message) => log.warn(message, { component }),
    onChecked: (now) => {
      checked = now;
      tell();
    },
    onBackupWanted: (wanted) => {
      backup = wanted;
      ending.abort();
    },
  });
  const watch = watchSlot({
    ...{ connection, slot, signal, dataDir: configured.dataDir },
    onMeasured: (now) => {
      room = now;
      tell();
    },
  });
  try {
    const last = await runReceiver({
      ...{ connection, slot, signal },
      stores: walStores(context, component, writer, (archive) => archives.push(archive)),
      ...{ mode: wal.mode, quorum: wal.quorum, retries: wal.retries, retryDelayMs: wal.retryDelay },
      thresholdMs: wal.syncThreshold,
      // Thought dead, this receiver is followed by another one: commits go on waiting for that.
      isOver: () =>
        activity.cancellationDetails?.cancelRequested || activity.cancellationDetails?.workerShutdown || false,
      intervalMs: wal.interval,
      coverageIntervalMs: wal.mode === 'async' ? Math.max(coverageIntervalMs, wal.interval) : coverageIntervalMs,
      // The gap is in the ledger, which sees to a backup behind it.
      renewLostSlot: true,
      onProgress: seldom((progress) => {
        latest = progress;
        tell();
      }),
      log: (message) => log.info(message, { component }),
      alert: (message) => log.warn(`${component}: ${message}`),
    });
    if (cancellationSignal.aborted) throw new CancelledFailure(String(cancellationSignal.reason));
    const end = `the receiver ended at ${last.flushedLsn === undefined ? 'no position' : formatLsn(last.flushedLsn)}`;
    return { message: backup ? `${end}: ${backup.reason}` : end, backup };
  } finally {
    ending.abort();
    await Promise.all([ledger, watch]);
  }
}

/** How far a store holds the stream without a hole, by the receiver's word. */
function settledIn(store: string, { timeline, stores = [] }: Partial<ReceiverProgress> = {}): Settled | undefined {
  const stored = stores.find((one) => one.store === store)?.stored;
  return timeline === undefined || stored === undefined ? undefined : { timeline, lsn: stored };
}

const findingsShown = 5;

/** Under load progress is made a thousand times a second, and a quiet stream makes some each second. */
function seldom(show: (progress: ReceiverProgress) => void): (progress: ReceiverProgress) => void {
  let [shownAt, state] = [Number.NEGATIVE_INFINITY, ''];
  return (progress) => {
    if (progress.state === state && performance.now() - shownAt < shownEveryMs) return;
    [shownAt, state] = [performance.now(), progress.state];
    show(progress);
  };
}

function shown(
  progress: ReceiverProgress,
  mode: WalMode,
  checked: Checked | undefined,
  slot: SlotRoom | undefined,
): ShipperDetails {
  const { state, timeline, flushedLsn, serverLsn, lagBytes, coverage, commits, stores, trouble } = progress;
  return {
    ...{ state, timeline, lagBytes, mode, slot },
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
    findings: checked?.troubles.slice(0, findingsShown),
  };
}
