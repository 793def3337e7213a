/** Where the metrics are served, if anywhere: taken before anything else is started. */

import { type Gauges, serveMetrics } from '../../workers/metrics';
import { say } from '../output/say';

/** @throws HoldfastError `usage` when the address cannot be listened at */
export async function gaugesAt(address: string | undefined): Promise<Gauges | undefined> {
  if (address === undefined) return undefined;
  const gauges = await serveMetrics(address);
  say(`metrics at http://${address}/metrics`);
  return gauges;
}
