/** What a random moment needs is leased when it is drawn: of a removal in that instant one gives way. Real stores in folders. */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { SiteContext } from '../../../activities/context';
import type { ScenarioPlan } from '../../../activities/verify/contracts';
import { planScenario } from '../../../activities/verify/scenario';
import type { PostgresFacts } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import { reportError } from '../../../domain/errors';
import { verdictOf } from '../../../domain/verification/verdict';
import type { RepositoryCopy } from '../../../repository/copy';
import { getHead, putHead, removeHead } from '../../../repository/heads';
import { standingLeases } from '../../../repository/leases';
import { backupKeys } from '../../../repository/names';
import { getSealedManifest, putSealedManifest } from '../../../repository/sealed-manifest';
import { DirStore } from '../../../repository/stores/dir';
import { WalArchive } from '../../../repository/wal/archive';
import { walObjects } from '../../../repository/wal/bind';
import { removeWal } from '../../../repository/wal/remove';
import { folder, makeBackup, removeAll } from '../../repository/made';

const size = 64 * 1024;
const systemIdentifier = '7000000000000000001';
const [first, second] = ['shop_full_20260101_000000', 'shop_full_20260102_000000'] as const;
const at = (segment: number) => BigInt(segment * size);
const lsn = (segment: number) => `0/${at(segment).toString(16).toUpperCase()}`;

let context: SiteContext;
let copy: RepositoryCopy;
let archive: WalArchive;

/** A database's, from one segment to the next. */
async function put(id: string, segment: number, day: number): Promise<void> {
  const { components: _, ...head } = await makeBackup(copy, id);
  const manifest = await getSealedManifest(copy, head as never);
  const startedAt = `2026-01-0${day}T00:00:00Z`;
  const [startLsn, stopLsn] = [lsn(segment), lsn(segment + 1)];
  const facts: PostgresFacts = {
    ...{ systemIdentifier, versionNum: 150018, timeline: 1, startLsn, stopLsn, segmentSize: size },
    ...{
      startTime: startedAt,
      stopTime: startedAt,
      pageSize: 8192,
      relationSegmentBlocks: 131072,
      dataChecksums: true,
    },
    ...{ backupLabel: '', tablespaceMap: '', tablespaces: [], dataDir: '/d', configFiles: [], settings: {} },
    owner: { user: 'postgres', uid: 1, gid: 1 },
  };
  const { indexes = [], summary } = manifest.components['config'] ?? {};
  const db = { kind: 'postgres' as const, indexes, summary, postgres: facts };
  await copy.store.delete([backupKeys.sealed(id)]);
  const { sha256 } = await putSealedManifest(copy, { ...manifest, startedAt, components: { db } } as never);
  await putHead(copy, {
    ...head,
    site: 'dc01',
    startedAt,
    manifestSha256: sha256,
    components: { db: summary as never },
  });
}

const plan = (): Promise<ScenarioPlan> =>
  new MockActivityEnvironment().run(() =>
    planScenario(context, { site: 'dc01', scenario: 'point_in_time_recovery', backup: 'latest' }),
  );

/** In the instant in which the way to the moment is leased. */
function whenLeased(meanwhile: () => Promise<void>): void {
  const { put: really } = DirStore.prototype;
  const spy = jest.spyOn(DirStore.prototype, 'put').mockImplementation(async function (this: DirStore, ...given) {
    if (given[0].startsWith('leases/shop_')) {
      spy.mockRestore();
      await meanwhile();
    }
    return await really.apply(this, given);
  });
}

beforeEach(async () => {
  const dir = await folder();
  writeFileSync(path.join(dir, 'master.key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const text = `system: shop
sites: { dc01: { components: { db: { kind: postgres, connection: host=h, dataDir: /d } } } }
stores: { hot: { kind: dir, path: ${dir}/hot } }
encryption: { keyFile: ${dir}/master.key }
`;
  const loaded = parseConfig(text, path.join(dir, 'holdfast.yaml'), {});
  context = new SiteContext({ loaded, site: 'dc01', processQueue: 'none' });
  const repository = await context.repository({ create: true });
  copy = repository.copy('hot');
  archive = await WalArchive.begin(walObjects(repository), copy.store, {
    ...{ systemIdentifier, major: 15, segmentSize: size },
  });
  for (let segment = 1n; segment < 20n; segment++) await archive.putSegment(1, segment, randomBytes(size));
  await archive.writeCoverage(1, { lsn: at(20), serverTime: BigInt(Date.parse('2026-01-09T00:00:00Z')) * 1000n });
  await put(first, 2, 1);
  await put(second, 8, 2);
});
afterEach(async () => {
  jest.restoreAllMocks();
  await context.close();
});
afterAll(removeAll);

test('the backup and the WAL from its beginning are leased, and no more than that', async () => {
  const { at: drawn = '' } = await plan();
  const begin = Date.parse(drawn) < Date.parse('2026-01-02T00:00:00Z') ? [first, lsn(2)] : [second, lsn(8)];
  const leases = await standingLeases(copy);
  expect(leases.map(({ backupId }) => backupId).sort()).toEqual([begin[0], `wal-${systemIdentifier}`]);
  expect(leases.find(({ wal }) => wal)?.wal).toEqual({ timeline: 1, from: begin[1] });
  const windows = [{ timeline: 1, from: at(18) }];
  expect(await removeWal(copy, archive, { windows, spans: [], remover: 'sweep' })).toMatchObject({
    ...{ objects: 0, gaveWayTo: [{ kind: 'verify' }] },
  });
});

test('WAL that is to go in the instant of the choice stays', async () => {
  const windows = [{ timeline: 1, from: at(18) }];
  let gaveWay = 0;
  whenLeased(async () => {
    gaveWay = (await removeWal(copy, archive, { windows, spans: [], remover: 'sweep' })).gaveWayTo.length;
  });
  await plan();
  expect(gaveWay).toBe(1);
});

test('when a backup goes in that instant a moment of what is left is drawn; when all do, it could not run', async () => {
  whenLeased(() => removeHead(copy, second));
  await plan();
  const held = (await standingLeases(copy)).map(({ backupId }) => backupId);
  expect(held).toContain(first);
  expect((await getHead(copy, first)).status).toBe('completed');
  whenLeased(() => removeHead(copy, first));
  const failure = reportError(await plan().catch((error: unknown) => error));
  expect(failure.code).toBe('backup_not_found');
  expect(verdictOf(failure.code)).toBe('could_not_run');
});
