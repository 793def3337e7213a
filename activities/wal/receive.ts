/** The shipper's activity: runs for as long as its worker does, and is taken up by the next worker where the stores end. */
import { CancelledFailure, Context } from '@temporalio/activity';
import { connectionOf } from '../../components/config-file/open-repository';
import { masked } from '../../components/config-file/secrets';
import { type ReceiverProgress, runReceiver } from '../../components/postgres/wal/receiver';
import { slotName } from '../../components/postgres/wal/replication';
import { postgresOf } from '../../domain/config/names';
import { formatInstant } from '../../domain/instant';
import { formatLsn } from '../../domain/lsn';
import type { SiteContext } from '../context';
import type { ReceiveRequest, ShippingEnd } from '../contracts';
import { beginArchives } from './archives';

/** On a quiet server a mark says how far its clock is covered; each is one small request. */
const coverageIntervalMs = 1000;

export async function receiveWal(context: SiteContext, { component, line }: ReceiveRequest): Promise<ShippingEnd> {
  const configured = postgresOf(context.config, context.site, component);
  // Callbacks of the stream run outside the activity's own chain of calls: they are given its context.
  const activity = Context.current();
  const { cancellationSignal: signal, log, info } = activity;
  const writer = { line: line ?? info.workflowExecution?.runId ?? '', turn: info.currentAttemptScheduledTimestampMs };
  const last = await runReceiver({
    connection: await connectionOf(configured),
    slot: slotName(context.config.system, context.site, component),
    archives: (marker) => beginArchives(context, component, writer, marker),
    intervalMs: configured.wal.interval,
    coverageIntervalMs: Math.max(coverageIntervalMs, configured.wal.interval),
    signal,
    onProgress: (progress) => activity.heartbeat(shown(progress)),
    log: (message) => log.info(message, { component }),
  });
  if (signal.aborted) throw new CancelledFailure(String(signal.reason));
  return {
    message: `the receiver ended at ${last.flushedLsn === undefined ? 'no position' : formatLsn(last.flushedLsn)}`,
  };
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
}

function shown({
  state,
  timeline,
  flushedLsn,
  serverLsn,
  lagBytes,
  coverage,
  trouble,
}: ReceiverProgress): ShipperDetails {
  return {
    ...{ state, timeline, lagBytes },
    flushed: flushedLsn === undefined ? undefined : formatLsn(flushedLsn),
    server: serverLsn === undefined ? undefined : formatLsn(serverLsn),
    coveredTo: coverage === undefined ? undefined : formatInstant(coverage.serverTime),
    trouble: trouble && masked(trouble).message,
  };
}
