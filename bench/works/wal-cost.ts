/**
 * What shipping WAL into S3 costs around the clock: requests, each counted on its way by a proxy, their price, and CPU of the worker.
 * In each mode with a database that does nothing, one that commits twice a second and one under as much load as pgbench gives; one
 * sample each, from which the hour is reckoned. The ledger looks every twenty seconds: a minute meets it three times.
 *
 * The one figure: the price of a month of the default setting while nothing is written.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { type Cluster, startCluster } from '../../test/support/postgres-cluster';
import { startCountingProxy } from '../counting-proxy';
import { Holdfast } from '../holdfast';
import { type Row, rounded } from '../row';
import { RequestTally, requestKinds } from '../s3-requests';
import type { Session } from '../session';
import { behindBytes } from '../waiting';
import { type Load, loads, scale } from '../wal-loads';

const defaultSeconds = 60;
/** Before a sample: what begins with a load is not what it costs. */
const settleSeconds = 5;
const hoursPerMonth = 730;

const defaultMode = 'async 500 ms';
const modes: Record<string, Record<string, string>> = {
  [defaultMode]: {},
  'async 0 ms': { interval: '0ms' },
  sync: { mode: 'sync' },
};

export async function walCost({ bed, options }: Session): Promise<Row> {
  const { say, seconds = defaultSeconds } = options;
  const cluster = await startCluster({ name: 'bcost', conf: { fsync: 'on', autovacuum: 'off', max_wal_size: '1GB' } });
  bed.atEnd(() => cluster.destroy());
  await cluster.pgbench(['-i', '-q', '-s', String(scale)]);
  const s3 = await bed.s3();
  const tally = new RequestTally();
  const proxy = await startCountingProxy(s3, (method, url) => tally.count(method, url));
  bed.atEnd(() => proxy.stop());
  const counted = { ...s3, endpoint: proxy.endpoint };
  const details: Row['details'] = { sample: { seconds } };
  for (const [mode, wal] of Object.entries(modes)) {
    const dir = bed.folder(`wal-cost-${Object.keys(details).length}`);
    const holdfast = await Holdfast.create({ dir, cluster, wal, s3: counted });
    bed.atEnd(() => holdfast.down());
    await holdfast.perform('backup');
    await holdfast.shipping(wal['mode'] === 'sync' ? 'sync' : 'async');
    for (const load of loads) {
      const figures = await sample({ cluster, holdfast, tally, load, seconds });
      say(`wal-cost: ${mode}, ${load.name}: ${figures['requests/h']?.toFixed(0)} requests an hour`);
      details[`${mode}, ${load.name}`] = roundedAll(figures);
    }
    await holdfast.down();
  }
  const idle = details[`${defaultMode}, ${loads[0]?.name}`];
  return { work: 'wal-cost', ours: idle?.['USD/month'] ?? null, unit: 'USD/month', peers: {}, missing: [], details };
}

interface Sampled {
  cluster: Cluster;
  holdfast: Holdfast;
  tally: RequestTally;
  load: Load;
  seconds: number;
}

async function sample({ cluster, holdfast, tally, load, seconds }: Sampled): Promise<Record<string, number>> {
  const running = load.run(cluster, settleSeconds + seconds);
  running.catch(() => undefined); // told where it is waited for
  await pause(settleSeconds * 1000);
  tally.clear();
  const [before, started] = [holdfast.cpu, performance.now()];
  await pause(seconds * 1000);
  const hours = (performance.now() - started) / 3_600_000;
  const after = holdfast.cpu;
  const perHour = {
    ...{ 'worker cpu s/h': after.worker - before.worker, 'Temporal cpu s/h': after.temporal - before.temporal },
    'requests/h': tally.all,
    ...Object.fromEntries(requestKinds.map((kind) => [`${kind}/h`, tally.of(kind)])),
    'HEAD of claims/h': tally.claims,
    'USD/h': tally.dollars,
    'USD/month': tally.dollars * hoursPerMonth,
  };
  const figures = Object.fromEntries(Object.entries(perHour).map(([name, value]) => [name, value / hours]));
  const behind = await behindBytes(cluster);
  return { ...figures, 'commits/s': await running, 'MB behind at the end': (behind ?? Number.NaN) / 1e6 };
}

function roundedAll(figures: Record<string, number>): Record<string, number> {
  return Object.fromEntries(Object.entries(figures).map(([name, value]) => [name, rounded(value)]));
}
