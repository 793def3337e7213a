/** A timeline's history vanishes from a store: without it no way leads onto the timeline. It is missed, named and put back. */
import { isTrouble } from '../../domain/wal-ledger';
import { type Keeping, keep } from '../components/postgres/wal/ledger/keeping';
import { emitWal, openArchive, StoreFolder, until, untilStored, walCluster } from '../components/postgres/wal/shipping';
import { type Cluster, startCluster } from '../support/postgres-cluster';

let primary: Cluster;
let standby: Cluster;
let folder: StoreFolder;
let keeping: Keeping;

beforeAll(async () => {
  primary = await startCluster({ name: 'hist', ...walCluster });
  standby = await primary.standby();
  folder = new StoreFolder();
  keeping = keep(standby, [folder.store]);
  await emitWal(primary, 2);
  await until('streaming', () => keeping.progress()?.state === 'streaming');
  await standby.promote();
  await emitWal(standby, 3);
  await untilStored(standby, keeping);
});
afterAll(async () => {
  await keeping?.stop();
  await primary?.destroy();
  folder?.drop();
});

test('a promotion in mid-stream is no finding', async () => {
  expect((await keeping.nextCheck()).troubles).toEqual([]);
  expect(keeping.findings()).toEqual([]);
  expect(keeping.progress()?.timeline).toBe(2);
});

test('the history is put back from the server', async () => {
  const archive = await openArchive(folder.store, standby);
  const before = await archive.readHistory(2);
  await folder.store.delete([archive.names.history(2)]);
  await until('found', () => keeping.findings().length > 0);
  expect(keeping.findings()).toMatchObject([
    { fault: 'history_missing', state: 'healed', timeline: 2, note: 'from the server' },
  ]);
  expect(keeping.log.join('\n')).toContain('the history of timeline 2 is missing');
  expect(await archive.readHistory(2)).toEqual(before);
});

test('the end of the old timeline is missed, although no name behind it shows a hole', async () => {
  const archive = await openArchive(folder.store, standby);
  const last = (await archive.pieces(1)).at(-1);
  await folder.store.delete([last?.key ?? '']);
  await until('found', () => keeping.findings().some(({ fault, timeline }) => fault === 'missing' && timeline === 1));
  await until('put back', () => keeping.findings().every((one) => !isTrouble(one)));
  const [, here] = await archive.timelinePath(2);
  expect((await archive.intervals(1)).at(-1)?.to).toBe(here?.from);
});
