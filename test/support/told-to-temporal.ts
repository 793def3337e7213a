/** Everything that a Temporal server was told: histories, their payloads decoded, memos, search attributes, heartbeats. */
import { Client, Connection } from '@temporalio/client';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';

export interface Told {
  workflowType: string;
  text: string;
}

export async function toldToTemporal(address: string): Promise<Told[]> {
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  const all: Told[] = [];
  for await (const { workflowId, runId, type } of client.workflow.list()) {
    const handle = client.workflow.getHandle(workflowId, runId);
    const { raw, memo, searchAttributes } = await handle.describe();
    const texts = [historyToJSON(await handle.fetchHistory()), JSON.stringify([memo, searchAttributes])];
    for (const { heartbeatDetails, lastFailure } of raw.pendingActivities ?? []) {
      texts.push(JSON.stringify(lastFailure ?? null));
      for (const { data } of heartbeatDetails?.payloads ?? []) texts.push(Buffer.from(data ?? []).toString());
    }
    all.push({ workflowType: type, text: texts.map(withPayloads).join('\n') });
  }
  await connection.close();
  return all;
}

function withPayloads(text: string): string {
  const payloads = [...text.matchAll(/"data":\s*"([^"]*)"/g)].map((one) => Buffer.from(String(one[1]), 'base64'));
  return [text, ...payloads].join('\n');
}
