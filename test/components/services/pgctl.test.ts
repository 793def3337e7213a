import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openService } from '../../../components/services/open';
import type { ServiceControl } from '../../../components/services/service';
import type { ServiceConfig } from '../../../domain/config/types';
import { type Cluster, startCluster } from '../../support/postgres-cluster';

let cluster: Cluster;
let service: ServiceControl;

beforeAll(async () => {
  cluster = await startCluster({ name: 'ctl' });
  await cluster.stop();
  service = openService('db', configured());
});
afterAll(async () => {
  await service.stop();
  await cluster.destroy();
});

function configured(more: Partial<Extract<ServiceConfig, { control: 'pgctl' }>> = {}): ServiceConfig {
  const { dataDir, binDir } = cluster;
  return { control: 'pgctl', dataDir, binDir, healthTimeout: 10_000, timeout: 30_000, ...more };
}

test('a server is stopped, started, healthy and stopped again, each as often as it is said', async () => {
  expect(await service.state()).toBe('stopped');
  await service.stop();
  await service.start();
  await service.start();
  await service.healthy();
  expect(await service.state()).toBe('running');
  expect(await cluster.psql('select 1')).toBe('1');
  await service.stop();
  expect(await service.state()).toBe('stopped');
});

test('what the server prints lies beside its data directory, not in it', async () => {
  await service.start();
  await service.stop();
  expect(readFileSync(`${cluster.dataDir}.log`, 'utf8')).toMatch(/database system is ready/);
});

test('a data directory that is not there is an absent service', async () => {
  const absent = openService('db', configured({ dataDir: join(cluster.dir, 'nothing') }));
  expect(await absent.state()).toBe('absent');
});

test('a server that cannot start is told with its own words', async () => {
  appendFileSync(join(cluster.dataDir, 'postgresql.auto.conf'), 'no_such_setting = 1\n');
  await expect(service.start()).rejects.toMatchObject({
    code: 'service_start_failed',
    hints: [expect.stringContaining('no_such_setting')],
  });
});
