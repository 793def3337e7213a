/** Whether a shipper streams, from what the engine tells of its workflow. */
import { type Client, WorkflowNotFoundError } from '@temporalio/client';
import type { temporal } from '@temporalio/proto';

export type ShipperState = 'streaming' | 'starting' | 'failing' | 'missing';

export interface ShipperLook {
  state: ShipperState;
  /** Why it fails. */
  message?: string;
}

type Pending = temporal.api.workflow.v1.IPendingActivityInfo;

/** `PENDING_ACTIVITY_STATE_STARTED` */
const started = 2;
/** Receivers heartbeat every second or so; a dead worker's activity looks started until its timeout. */
const freshMs = 10_000;

export async function shipperState(client: Client, workflowId: string, now = Date.now()): Promise<ShipperLook> {
  try {
    const { status, raw } = await client.workflow.getHandle(workflowId).describe();
    if (status.name !== 'RUNNING') return { state: 'missing' };
    return judge(raw.pendingActivities ?? [], now);
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return { state: 'missing' };
    throw error;
  }
}

export function judge(pending: Pending[], now: number): ShipperLook {
  const receiver = pending.find((one) => one.activityType?.name === 'receiveWal');
  if (receiver === undefined) return { state: 'failing', message: 'it waits before it tries again' };
  const message = receiver.lastFailure?.message ?? undefined;
  const beat = Number(receiver.lastHeartbeatTime?.seconds ?? 0) * 1000;
  if (Number(receiver.state) === started && now - beat < freshMs) return { state: 'streaming' };
  return message === undefined ? { state: 'starting' } : { state: 'failing', message };
}
