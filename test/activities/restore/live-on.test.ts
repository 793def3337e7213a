/** The timeline of a restore in place is the present one before anything of its WAL is stored; the server is a real one that was promoted. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SiteContext } from '../../../activities/context';
import type { RestoreJob } from '../../../activities/contracts';
import { liveOn } from '../../../activities/restore/live-on';
import { wayOfSystem } from '../../../activities/restore/timelines';
import { parseConfig } from '../../../domain/config/parse';
import { WalArchive } from '../../../repository/wal/archive';
import { walObjects } from '../../../repository/wal/bind';
import { type Cluster, startCluster } from '../../support/postgres-cluster';

const folder = mkdtempSync(path.join(tmpdir(), 'hf-live-'));
let primary: Cluster;
let restored: Cluster;
let context: SiteContext;
let archive: WalArchive;
let system: string;

beforeAll(async () => {
  primary = await startCluster({ name: 'live' });
  restored = await primary.standby();
  await restored.promote();
  system = await restored.psql('select system_identifier from pg_control_system()');
  const text = `system: sys\nsites: { dc01: { components: { database: { kind: postgres, connection: host=${folder}, dataDir: ${restored.dataDir} } } } }\nstores: { hot: { kind: dir, path: ${folder}/hot } }\n`;
  const loaded = parseConfig(text, path.join(folder, 'holdfast.yaml'), {});
  context = new SiteContext({ loaded, site: 'dc01', processQueue: 'none' });
  const repository = await context.repository({ create: true });
  const { store } = repository.copy('hot');
  const marker = { systemIdentifier: system, major: 15, segmentSize: 16 << 20 };
  const owner = { system: 'sys', site: 'dc01', component: 'database' };
  archive = await WalArchive.begin(walObjects(repository), store, marker, owner);
  // The branch that was left, marked until its server was stopped for the restore.
  await archive.writeCoverage(1, { lsn: 1n << 32n, serverTime: BigInt(Date.now() - 60_000) * 1000n, since: 1n });
  await archive.putHistory(2, Buffer.from(await restored.psql("select pg_read_file('pg_wal/00000002.history')")));
}, 120_000);
afterAll(async () => {
  await context?.close();
  await primary?.destroy();
  rmSync(folder, { recursive: true, force: true });
});

function job(inPlace: boolean): RestoreJob {
  const components = [{ name: 'database', kind: 'postgres', target: restored.dataDir }];
  return { inPlace, components, request: {} } as unknown as RestoreJob;
}

const present = async () => (await wayOfSystem(context, system, undefined))?.timeline;

test('the branch that was left is the present one no longer', async () => {
  await liveOn(context, job(false));
  expect(await present()).toBe(1);
  await liveOn(context, job(true));
  expect(await present()).toBe(2);
  const mark = await archive.readCoverage(2);
  expect(mark).toMatchObject({ since: mark?.serverTime, lsn: (await archive.timelinePath(2)).at(-1)?.from });
});

test('a mark of the shipper stays', async () => {
  const later = { lsn: 1n << 33n, serverTime: BigInt(Date.now() + 1000) * 1000n, since: 5n };
  await archive.writeCoverage(2, later);
  await liveOn(context, job(true));
  expect(await archive.readCoverage(2)).toMatchObject(later);
});
