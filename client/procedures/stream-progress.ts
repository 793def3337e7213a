/**
 * How far a base backup over the connection is. It is one activity for a whole database, so its workflow hears of it only at its end; until
 * then the activity tells it with its heartbeats.
 */
import type { WorkflowHandle } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { ProcedureProgress } from '../../domain/progress';

/** `activities/backup/stream/store-pack.ts` */
interface StreamBeat {
  packs: number;
  /** Received, stored or known; and how many the server expects it to be. */
  bytes: number;
  expectedBytes: number;
}

/** The progress with what the stream says of itself; as it is while nothing is streamed. */
export async function withStream(handle: WorkflowHandle, progress: ProcedureProgress): Promise<ProcedureProgress> {
  if (!progress.step?.startsWith('stream packs of ')) return progress;
  const { raw } = await handle.describe();
  const stream = raw.pendingActivities?.find(({ activityType }) => activityType?.name === 'storeStream');
  const payload = stream?.heartbeatDetails?.payloads?.[0];
  const beat = payload && defaultPayloadConverter.fromPayload<StreamBeat | null>(payload);
  if (!beat) return progress;
  const { packs, bytes, expectedBytes } = beat;
  return { ...progress, done: { bytes, packs }, total: { bytes: Math.max(expectedBytes, bytes), packs: 0 } };
}
