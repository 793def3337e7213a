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
import { formatInstant } from '../../domain/instant';
import { formatLsn } from '../../domain/lsn';
import type { SlotRoom } from '../../domain/slot-room';
import type { WalArchive } from '../../repository/wal/archive';
import type { SiteContext } from '../context';
import type { ReceiveRequest, ShippingEnd } from '../contracts';
import { beginArchives } from './archives';
import { keepLedgerBeside } from './keep-ledger';

/** On a quiet server a mark says how far its clock is covered; each is one small request. */
const coverageIntervalMs = 1000;

export async function receiveWal(context: SiteContext, { component, line }: ReceiveRequest): Promise<ShippingEnd> {
  const configured = postgresOf(context.config, context.site, component);
  // Callbacks of the stream run outside the activity's own chain of calls: they are given its context.
  const activity = Context.current();
  const { cancellationSignal, log, info } = activity;
  const writer = { line: line ?? info.workflowExecution?.runId ?? '', turn: info.currentAttemptScheduledTimestampMs };
  const ending = new AbortController();
  const signal = AbortSignal.any([cancellationSignal, ending.signal]);
  const connection = await connectionOf(configured);
  const slot = slotName(context.config.system, context.site, component);
  let archives: WalArchive[] = [];
  let latest: ReceiverProgress | undefined;
  let checked: Checked | undefined;
  let backup: ShippingEnd['backup'];
  let room: SlotRoom | undefined;
  const tell = () => latest && activity.heartbeat(shown(latest, checked, room));
  const ledger = keepLedgerBeside(context, {
    ...{ component, connection, slot, signal },
    archives: () => archives,
    settled: () => settledOf(latest),
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
      archives: async (marker) => {
        archives = await beginArchives(context, component, writer, marker);
        return archives;
      },
      intervalMs: configured.wal.interval,
      coverageIntervalMs: Math.max(coverageIntervalMs, configured.wal.interval),
      // The gap is in the ledger, which sees to a backup behind it.
      renewLostSlot: true,
      onProgress: (progress) => {
        latest = progress;
        tell();
      },
      log: (message) => log.info(message, { component }),
    });
    if (cancellationSignal.aborted) throw new CancelledFailure(String(cancellationSignal.reason));
    const end = `the receiver ended at ${last.flushedLsn === undefined ? 'no position' : formatLsn(last.flushedLsn)}`;
    return { message: backup ? `${end}: ${backup.reason}` : end, backup };
  } finally {
    ending.abort();
    await Promise.all([ledger, watch]);
  }
}

function settledOf({ timeline, flushedLsn }: Partial<ReceiverProgress> = {}): Settled | undefined {
  return timeline === undefined || flushedLsn === undefined ? undefined : { timeline, lsn: flushedLsn };
}

/** What `status` shows of a shipper: plain text and numbers, no secret. */
export interface ShipperDetails {
  state: string;
  timeline?: number;
  flushed?: string;
  server?: string;
  lagBytes?: number;
  coveredTo?: string;
  trouble?: string;
  /** What the ledger found and could not mend. */
  findings?: string[];
  /** What the server keeps for us, and how long it can. */
  slot?: SlotRoom;
}

const findingsShown = 5;

function shown(
  { state, timeline, flushedLsn, serverLsn, lagBytes, coverage, trouble }: ReceiverProgress,
  checked: Checked | undefined,
  slot: SlotRoom | undefined,
): ShipperDetails {
  return {
    ...{ state, timeline, lagBytes, slot },
    flushed: flushedLsn === undefined ? undefined : formatLsn(flushedLsn),
    server: serverLsn === undefined ? undefined : formatLsn(serverLsn),
    coveredTo: coverage === undefined ? undefined : formatInstant(coverage.serverTime),
    trouble: trouble && masked(trouble).message,
    findings: checked?.troubles.slice(0, findingsShown),
  };
}
