/**
 * `worker`: a worker of a configured Temporal server. Every worker runs workflows; with `--site` it is also that site's agent, next
 * to the site's data and services (`all`: of every site, where one host serves them).
 */
import type { TemporalConfig } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { installRuntime } from '../../workers/logging';
import { startWorkers } from '../../workers/workers';
import { configuredWithWarnings, type GlobalOptions, type Outcome } from '../context';
import { connectOptions } from '../engine/connect';
import { connectWorker } from '../engine/connect-worker';
import { joinEngine } from '../engine/join';
import { keepMetrics } from '../metrics/keep';
import { gaugesAt } from '../metrics/serve';
import { answer, say } from '../output/say';
import { untilToldToStop } from '../output/until-told';
import { keepShippers } from '../procedures/shipping';
import { askedSites } from '../sites';

export async function worker(options: GlobalOptions & { site?: string; metrics?: string }): Promise<Outcome> {
  const loaded = await configuredWithWarnings(options);
  const temporal = temporalOf(loaded.config.temporal, loaded.file);
  const sites = options.site === undefined ? [] : askedSites(loaded.config, options.site);
  const gauges = await gaugesAt(options.metrics ?? loaded.config.metrics?.address);
  const stop = untilToldToStop();
  installRuntime();
  const connecting = await connectOptions(temporal);
  // A worker waits for its server as long as it takes: the two may be started in any order.
  const connection = await connectWorker(connecting, Number.POSITIVE_INFINITY, say);
  const engine = await joinEngine(loaded, { start: true, say });
  const fatal = Promise.withResolvers<never>();
  fatal.promise.catch(() => undefined);
  const { namespace } = temporal;
  const workers = await startWorkers({ connection, namespace, loaded, sites, workflows: true, onFatal: fatal.reject });
  const shipping = await keepShippers(engine.client, loaded.config, sites);
  const { shippers } = shipping;
  const metrics = gauges && keepMetrics(gauges, engine.client, loaded.config, sites);
  try {
    if (options.json)
      await answer(JSON.stringify({ system: loaded.config.system, address: engine.address, sites, shippers }));
    say(`${sites.length === 0 ? 'control worker' : `agent of ${sites.join(', ')}`} at ${engine.address}`);
    if (sites.length === 0)
      say('it runs workflows only: start "holdfast worker --site SITE" next to each site\'s data');
    say(`stopping: ${await Promise.race([stop, fatal.promise])}`);
    return { json: undefined };
  } finally {
    metrics?.stop();
    shipping.stop();
    await workers.stop();
    await engine.close();
    await connection.close();
  }
}

function temporalOf(temporal: TemporalConfig | undefined, file: string): TemporalConfig {
  if (temporal !== undefined) return temporal;
  throw new HoldfastError('usage', 'the configuration names no Temporal server for a worker to join', {
    where: file,
    hints: ['run "holdfast up" for the embedded engine, or add "temporal: { address: HOST:PORT }"'],
  });
}
