/**
 * Metrics for Prometheus: the engine's own (`temporal_…`) and ours (`holdfast_…`), from one address of this process.
 *
 * Guaranteed: the address is ours before anything else is started; a series begins with its first measurement, and one that the newest
 * readings lack says NaN, which no comparison of an alert takes for a value. Not guaranteed: who may ask; there is no
 * authentication, so labels hold names only, and the address is to be one that only those reach who may know them.
 */
import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import type { MetricGauge } from '@temporalio/common';
import { Runtime } from '@temporalio/worker';
import { parseAddress } from '../domain/config/address';
import { HoldfastError } from '../domain/errors';
import { type Labels, type MetricName, metrics, type Sample } from '../domain/metrics';
import { installRuntime } from './logging';

/** @throws HoldfastError `usage` when nothing can listen there */
export async function serveMetrics(address: string): Promise<Gauges> {
  const parsed = parseAddress(address);
  if (!parsed) {
    throw new HoldfastError('usage', `"${address}" is no address for metrics`, {
      hints: ['write HOST:PORT, for example 127.0.0.1:9464'],
    });
  }
  try {
    const { address: ip } = await lookup(parsed.host);
    installRuntime({ metrics: `${isIPv6(ip) ? `[${ip}]` : ip}:${parsed.port}` });
  } catch (cause) {
    throw new HoldfastError('usage', `the metrics cannot be served at ${address}: ${reasonOf(cause)}`, {
      cause,
      hints: ['name another one with --metrics HOST:PORT; each `up` and `worker` of a host needs its own'],
    });
  }
  return new Gauges();
}

function reasonOf(cause: unknown): string {
  const message = cause instanceof Error ? cause.message : String(cause);
  if (/in use/.test(message)) return 'another process listens there';
  if (/ENOTFOUND|EAI_AGAIN/.test(message)) return 'its host has no address';
  return message.replace(/^Failed to start prometheus metrics exporter: /, '').replace(/ \(os error \d+\)$/, '');
}

export class Gauges {
  private readonly gauges = new Map<MetricName, MetricGauge>();
  private known = new Map<string, Omit<Sample, 'value'>>();

  /** The newest readings, all of them: of what was there before and is not now, no value is known. */
  publish(samples: Sample[]): void {
    const now = new Map(samples.map(({ name, labels }) => [`${name}${JSON.stringify(labels)}`, { name, labels }]));
    for (const [key, { name, labels }] of this.known) {
      if (!now.has(key)) this.set(name, labels, Number.NaN);
    }
    for (const { name, labels, value } of samples) this.set(name, labels, value);
    this.known = now;
  }

  private set(name: MetricName, labels: Labels, value: number): void {
    let gauge = this.gauges.get(name);
    if (!gauge) {
      gauge = Runtime.instance().metricMeter.createGauge(name, 'float', undefined, metrics[name]);
      this.gauges.set(name, gauge);
    }
    gauge.set(value, labels);
  }
}
