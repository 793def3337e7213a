/**
 * Keeps the metrics of this process's sites up to date, beside its work.
 *
 * Guaranteed: a reading begins every 15 s, and ends whatever a store or the engine does; what it could not measure has no value from then on.
 * What a reading costs: the engine one question a shipper; each store two lists (names of backups; receipts since the last one) and
 * its clock, and for each database three small objects or lists (mark, ledger, acknowledged gaps) with one more mark for every earlier timeline;
 * once a minute some six more to find new timelines, and of the engine a list of the schedules. Objects are fetched again only when they changed.
 * Not guaranteed: that two agents of one site say the same at one moment; both measure.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { lastDeliveries } from '../../activities/notify/outcomes';
import { masked } from '../../components/config-file/secrets';
import type { Config } from '../../domain/config/types';
import { reportError } from '../../domain/errors';
import type { RepositoryCopy } from '../../repository/copy';
import type { Repository } from '../../repository/repository';
import type { Gauges } from '../../workers/metrics';
import { say } from '../output/say';
import { shipperState } from '../procedures/shipper-state';
import { shippersOf } from '../procedures/shipping';
import { deliverySamples } from './notifications';
import { StoreReader, type StoreReading } from './readings';
import { type Read, samplesFrom } from './samples';
import { ScheduleReader } from './schedules';
import { answered, OpenStores } from './stores';

const everyMs = 15_000;
/** Whoever has not answered by then is not measured this time. */
const patienceMs = 10_000;

export interface MetricsKept {
  stop(): void;
}

/** No sites: the engine's own metrics, and what runs by itself. */
export function keepMetrics(gauges: Gauges, client: Client, config: Config, sites: string[]): MetricsKept {
  const over = new AbortController();
  void new MetricsKeeper(gauges, client, config, sites).run(over.signal);
  return { stop: () => over.abort() };
}

class MetricsKeeper {
  private readonly stores: OpenStores;
  private readonly readers = new Map<string, StoreReader>();
  /** A store that is slow is not asked again before it has answered. */
  private readonly asked = new Set<string>();
  private readonly measuredAt = new Map<string, number>();
  private readonly told = new Map<string, string>();
  private readonly schedules: ScheduleReader;

  constructor(
    private readonly gauges: Gauges,
    private readonly client: Client,
    private readonly config: Config,
    private readonly sites: string[],
  ) {
    this.stores = new OpenStores(config);
    this.schedules = new ScheduleReader(client, config, sites);
  }

  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = sleep(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
      const [stores, shippers, schedules] = await Promise.all([
        this.readStores(),
        answered(this.readShippers(), patienceMs),
        this.schedules.read(Date.now()),
      ]);
      if (signal.aborted) break;
      const read = { stores, shippers, measuredAt: this.measuredAt, now: Date.now() };
      this.gauges.publish([
        ...samplesFrom(this.config, this.sites, read),
        ...schedules,
        ...deliverySamples(this.config, lastDeliveries()),
      ]);
      await next;
    }
    await this.stores.close().catch(() => undefined);
  }

  private async readShippers(): Promise<NonNullable<Read['shippers']>> {
    return await Promise.all(
      shippersOf(this.config, this.sites).map(async ({ site, component, workflowId }) => ({
        ...{ site, component },
        ...(await shipperState(this.client, workflowId)),
      })),
    );
  }

  private async readStores(): Promise<StoreReading[]> {
    if (this.sites.length === 0) return [];
    const repository = await this.stores.open(patienceMs);
    if (!repository) return [];
    const free = repository.copies.filter(({ store }) => !this.asked.has(store.name));
    const readings = await Promise.all(free.map((copy) => answered(this.readOne(repository, copy), patienceMs)));
    return readings.filter((one) => one !== undefined);
  }

  /** What is wrong with a store is said once, and again when it is something else. */
  private async readOne(repository: Repository, copy: RepositoryCopy): Promise<StoreReading | undefined> {
    const { name } = copy.store;
    const reader = this.readers.get(name) ?? new StoreReader(this.config, this.sites);
    this.readers.set(name, reader);
    this.asked.add(name);
    try {
      const reading = await reader.read(repository, copy);
      this.told.delete(name);
      this.measuredAt.set(name, Date.now());
      return reading;
    } catch (error) {
      const { message } = masked(reportError(error));
      if (this.told.get(name) !== message) say(`warning: store ${name} could not be measured: ${message}`);
      this.told.set(name, message);
      return undefined;
    } finally {
      this.asked.delete(name);
    }
  }
}
