/** Starts the shipper of every database: one per database, whoever starts it first. */
import type { Client } from '@temporalio/client';
import { componentRefs } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { shippingPromised } from '../../domain/promised';
import { type ShippingRequest, shippingWorkflowId, workflowQueue } from '../../domain/requests';
import { whenReady } from '../engine/when-ready';

export interface Shipper {
  site: string;
  component: string;
  workflowId: string;
  /** How far behind the stores may be while it runs. */
  promisedSeconds: number;
}

/** The shippers that should run: none for a server that pushes its WAL itself. */
export function shippersOf(config: Config, sites: string[]): Shipper[] {
  return sites
    .flatMap((site) => componentRefs(config, site))
    .flatMap(({ site, name, component }) => {
      if (component.kind !== 'postgres' || component.wal.source !== 'slot') return [];
      const workflowId = shippingWorkflowId(config.system, site, name);
      return [{ site, component: name, workflowId, promisedSeconds: shippingPromised(component) }];
    });
}

export async function startShippers(client: Client, config: Config, sites: string[]): Promise<Shipper[]> {
  const shippers = shippersOf(config, sites);
  for (const { site, component, workflowId } of shippers) {
    const request: ShippingRequest = { site, component };
    await client.workflow.start('shipWal', {
      workflowId,
      taskQueue: workflowQueue,
      args: [request],
      staticSummary: `WAL of ${component}, ${site}`,
      workflowIdConflictPolicy: 'USE_EXISTING',
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
  }
  return shippers;
}

const everyMs = 3000;

/** Starts them, and again whenever one has ended for whatever reason (a backup's own shipper ends with its backup). */
export async function keepShippers(
  client: Client,
  config: Config,
  sites: string[],
): Promise<{ shippers: Shipper[]; stop: () => void }> {
  const shippers = await whenReady(() => startShippers(client, config, sites));
  const timer = setInterval(() => void startShippers(client, config, sites).catch(() => undefined), everyMs);
  return { shippers, stop: () => clearInterval(timer) };
}
