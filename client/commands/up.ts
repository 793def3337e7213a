/** `up`: the engine of one machine, for as long as it runs. */
import { siteNames } from '../../domain/config/names';
import { HoldfastError } from '../../domain/errors';
import { configuredWithWarnings, type GlobalOptions, type Outcome } from '../context';
import { joinEngine } from '../engine/join';
import { keepMetrics } from '../metrics/keep';
import { gaugesAt } from '../metrics/serve';
import { answer, say } from '../output/say';
import { untilToldToStop } from '../output/until-told';
import { keepShippers } from '../procedures/shipping';

export async function up(options: GlobalOptions & { metrics?: string }): Promise<Outcome> {
  const loaded = await configuredWithWarnings(options);
  const { config } = loaded;
  if (config.temporal !== undefined) {
    throw new HoldfastError('usage', 'the configuration names a Temporal server: there is no engine to run here', {
      where: loaded.file,
      hints: ['run "holdfast worker", or take "temporal" out of the configuration'],
    });
  }
  const gauges = await gaugesAt(options.metrics ?? config.metrics?.address);
  const stop = untilToldToStop();
  const engine = await joinEngine(loaded, { start: true, say });
  const shipping = await keepShippers(engine.client, config, siteNames(config));
  const { shippers } = shipping;
  const metrics = gauges && keepMetrics(gauges, engine.client, config, siteNames(config));
  try {
    const { address, ui } = engine;
    await answer(
      options.json
        ? JSON.stringify({ system: config.system, address, ui, shippers })
        : `engine of ${config.system} at ${address}\nweb ui: ${ui}`,
    );
    for (const { component, site } of shippers) say(`shipping the WAL of ${component} (${site})`);
    if (!engine.owned) say('another process is the worker: this one takes over when it ends');
    say(`stopping: ${await stop}`);
    return { json: undefined };
  } finally {
    metrics?.stop();
    shipping.stop();
    await engine.close();
  }
}
