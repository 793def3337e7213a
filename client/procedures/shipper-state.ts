/** Whether a shipper streams, from what the engine tells of its workflow. */
import { setTimeout as sleep } from 'node:timers/promises';
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { temporal } from '@temporalio/proto';
import type { ShipperDetails } from '../../domain/shipping';
import type { SlotRoom } from '../../domain/slot-room';

export type ShipperState = 'streaming' | 'starting' | 'failing' | 'missing';

export interface ShipperLook extends Pick<ShipperDetails, 'mode' | 'commits' | 'stores'> {
  state: ShipperState;
  /** Why it fails. */
  message?: string;
  /** What the server keeps for it, and how long it can. */
  slot?: SlotRoom;
  /** What the ledger found and could not mend. */
  findings?: string[];
}

type Pending = temporal.api.workflow.v1.IPendingActivityInfo;

/** `PENDING_ACTIVITY_STATE_STARTED` */
const started = 2;
/** Receivers heartbeat every second; a dead worker's activity looks started until its timeout. */
const freshMs = 4000;

const waiting = 'it waits before it tries again';
const patienceMs = 2000;

/** Between two tries only the workflow itself knows what was wrong: what it shows in the Web UI. */
async function whyItWaits(client: Client, workflowId: string): Promise<string> {
  const asked = client.workflow
    .getHandle(workflowId)
    .query<{ currentDetails?: string }>('__temporal_workflow_metadata')
    .catch(() => undefined);
  const told = await Promise.race([asked, sleep(patienceMs, undefined, { ref: false })]);
  const [, message] = /is not being shipped: (.+)/.exec(told?.currentDetails ?? '') ?? [];
  return message ?? waiting;
}

export async function shipperState(client: Client, workflowId: string, now = Date.now()): Promise<ShipperLook> {
  try {
    const { status, raw } = await client.workflow.getHandle(workflowId).describe();
    if (status.name !== 'RUNNING') return { state: 'missing' };
    const look = judge(raw.pendingActivities ?? [], now);
    return look.message === waiting ? { ...look, message: await whyItWaits(client, workflowId) } : look;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { state: 'missing' };
    throw error;
  }
}

export function judge(pending: Pending[], now: number): ShipperLook {
  const receiver = pending.find((one) => one.activityType?.name === 'receiveWal');
  if (receiver === undefined) return { state: 'failing', message: waiting };
  const message = receiver.lastFailure?.message ?? undefined;
  const beat = Number(receiver.lastHeartbeatTime?.seconds ?? 0) * 1000;
  const details = detailsOf(receiver);
  if (Number(receiver.state) === started && now - beat < freshMs) {
    const { slot, findings } = details ?? {};
    if (details?.state === 'streaming') {
      const { mode, commits, stores } = details;
      return { state: 'streaming', mode, commits, stores, slot, findings };
    }
    if (details?.trouble === undefined) return { state: 'starting', slot, findings };
    return { state: 'failing', message: details.trouble, slot, findings };
  }
  return message === undefined ? { state: 'starting' } : { state: 'failing', message };
}

/** What the receiver says of itself with each heartbeat. */
function detailsOf({ heartbeatDetails }: Pending): ShipperDetails | undefined {
  const payload = heartbeatDetails?.payloads?.[0];
  return payload ? defaultPayloadConverter.fromPayload<ShipperDetails>(payload) : undefined;
}
