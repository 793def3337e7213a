import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupHead } from '../../domain/backup';
import type { CleanedStore } from '../../domain/cleanup/report';
import { formatLsn } from '../../domain/lsn';
import type { Cleaning } from '../../repository/cleanup/cleaning';
import { cleanBackups } from '../../repository/cleanup/dead-backups';
import { cleanSmallThings } from '../../repository/cleanup/small-things';
import { tellStrangers } from '../../repository/cleanup/strangers';
import { cleanWal } from '../../repository/cleanup/wal-leftovers';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead, listHeads, putHead } from '../../repository/heads';
import { announceRemoval, isBeingRemoved, standingLeases, takeLease } from '../../repository/leases';
import type { Repository } from '../../repository/repository';
import { verifyManifest } from '../../repository/verify';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import { filesBelow, folder, makeBackup, open, removeAll } from './made';
import { stalling } from './retention/stalling';

const whole = 'shop_full_20260101_000000';
const dead = 'shop_full_20260102_000000';
const day = 24 * 3600_000;

let root: string;
let repository: Repository;
let copy: RepositoryCopy;

beforeEach(async () => {
  root = await folder();
  repository = await open({ roots: [root], keySource: { kind: 'none' } });
  copy = repository.copy();
  await makeBackup(copy, whole);
});
afterAll(removeAll);

async function clean({ dryRun = false, graceMs = day, leased = [] as string[] } = {}): Promise<CleanedStore> {
  const outcome: CleanedStore = { store: 's0', removed: {}, left: [], more: 0 };
  const before = new Date((await copy.store.clock()).getTime() - graceMs);
  const cleaning: Cleaning = {
    copy,
    remover: 'sweep',
    before,
    dryRun,
    leased: new Set(leased),
    outcome,
    beat: () => {},
  };
  const { heads } = await listHeads(copy);
  await cleanBackups(cleaning, new Map(heads.map((head) => [head.id, head])));
  await cleanSmallThings(cleaning);
  await tellStrangers(cleaning);
  return outcome;
}

/** Below a prefix everything was touched so long ago. */
async function age(prefix: string, ms = 2 * day): Promise<void> {
  const at = new Date(Date.now() - ms);
  for (const one of await filesBelow(path.join(root, prefix))) utimesSync(path.join(root, prefix, one.path), at, at);
}

async function keys(prefix = ''): Promise<string[]> {
  const found: string[] = [];
  for await (const { key } of copy.store.list(prefix)) found.push(key);
  return found;
}

async function putDead(id = dead): Promise<void> {
  for (const name of ['owner', 'key.json', 'plan/config/1/head', `packs/${'a'.repeat(32)}`]) {
    await copy.store.put(`backups/${id}/${name}`, Buffer.alloc(100));
  }
}

async function creating(): Promise<void> {
  const { stores: _, ...head } = await getHead(copy, whole);
  const startedAt = new Date(Date.now() - 3 * day).toISOString();
  await putHead(copy, { ...head, id: dead, status: 'creating', startedAt, stores: [] });
}

test('of a whole backup everything stays, however old it is', async () => {
  await age('');
  const before = await keys();
  expect(await clean({ graceMs: 0 })).toMatchObject({ removed: {}, left: [] });
  expect(await keys()).toEqual(before);
});

test('objects without a head go after the grace, and not before', async () => {
  await putDead();
  expect((await clean()).removed).toEqual({});
  await age(`backups/${dead}`);
  expect((await clean({ dryRun: true })).removed).toEqual({ backup: { objects: 4, bytes: 400 } });
  expect(await keys(`backups/${dead}`)).toHaveLength(4);
  expect((await clean()).removed).toEqual({ backup: { objects: 4, bytes: 400 } });
  expect(await keys(`backups/${dead}`)).toEqual([]);
  expect(await isBeingRemoved(copy, dead)).toBe(false);
  expect((await clean()).removed).toEqual({});
});

test('one that says it is being made is made as long as it has a lease, in this store or in another; then it has failed', async () => {
  await putDead();
  await creating();
  await age(`backups/${dead}`);
  await takeLease(copy, { backupId: dead, kind: 'backup', holder: 'backup/shop', ms: day });
  expect((await clean()).left).toEqual([`${dead}: in use by backup/shop`]);
  expect((await clean({ leased: [dead] })).removed).toEqual({});
  expect(await keys(`backups/${dead}`)).toHaveLength(4);
  await takeLease(copy, { backupId: dead, kind: 'backup', holder: 'backup/shop', ms: -1 });
  expect((await clean()).removed).toMatchObject({ backup: { objects: 4 } });
  expect(await getHead(copy, dead)).toMatchObject({ status: 'failed', error: { code: 'aborted' } });
});

test('what somebody copied here while it slept is dead no more', async () => {
  await copy.store.put(`backups/${dead}/packs/${'a'.repeat(32)}`, Buffer.alloc(100));
  await age(`backups/${dead}`);
  const stall = stalling(copy, 1, async () => void (await makeBackup(copy, dead)));
  const { heads } = await listHeads(copy);
  const outcome: CleanedStore = { store: 's0', removed: {}, left: [], more: 0 };
  const before = new Date((await copy.store.clock()).getTime() - day);
  // Its folder is listed by then.
  stall.begin('put');
  const signs = { remover: 'sweep', before, dryRun: false, leased: new Set<string>(), outcome, beat: () => {} };
  await cleanBackups({ copy: stall.copy, ...signs }, new Map(heads.map((head) => [head.id, head])));
  expect(outcome).toMatchObject({ removed: {}, left: [expect.stringContaining('somebody brought it to its end')] });
  expect((await verifyManifest(copy, await getHead(copy, dead))).damaged).toEqual([]);
  expect(await isBeingRemoved(copy, dead)).toBe(false);
});

test('one that announced itself and stored nothing has failed too', async () => {
  await creating();
  await clean();
  expect((await getHead(copy, dead)).status).toBe('failed');
});

test('a whole backup that only the catalog lost is told, and left', async () => {
  await age('');
  await copy.store.delete([`catalog/heads/${whole}.json`]);
  const before = await keys('backups/');
  expect((await clean()).left.join()).toContain('catalog rebuild');
  expect(await keys('backups/')).toEqual(before);
});

test('packs that no manifest names go, and the backup stays whole', async () => {
  await copy.store.put(`backups/${whole}/packs/${'f'.repeat(32)}`, Buffer.alloc(50));
  await copy.store.put(`backups/${whole}/plan/config/7/head`, Buffer.alloc(50));
  expect((await clean()).removed).toEqual({});
  await age(`backups/${whole}`);
  expect((await clean()).removed).toEqual({ pack: { objects: 2, bytes: 100 } });
  expect((await verifyManifest(copy, await getHead(copy, whole))).damaged).toEqual([]);
});

test('a stranger’s files are left and told, also in the folder of a dead backup', async () => {
  await putDead();
  await copy.store.put(`backups/${dead}/notes.txt`, Buffer.from('mine'));
  await copy.store.put('photos/cat.jpg', Buffer.from('cat'));
  await age('');
  const { left, removed } = await clean();
  expect(removed).toEqual({ backup: { objects: 4, bytes: 400 } });
  expect(left).toEqual([`backups/${dead}/notes.txt: none of ours`, 'photos/: none of ours']);
  expect(await keys(`backups/${dead}`)).toEqual([`backups/${dead}/notes.txt`]);
});

test('leases that ended long ago, removals of what is gone, trials and temporary files go; those in use stay', async () => {
  await takeLease(copy, { backupId: whole, kind: 'restore', holder: 'standing', ms: day });
  await takeLease(copy, { backupId: dead, kind: 'restore', holder: 'ended', ms: -1 });
  await announceRemoval(copy, dead, 'killed');
  await copy.store.put('probe/0123', Buffer.alloc(64));
  await age('leases');
  await age('probe');
  mkdirSync(path.join(root, '.tmp'), { recursive: true });
  for (const name of ['old', 'young']) writeFileSync(path.join(root, '.tmp', name), '12345');
  utimesSync(path.join(root, '.tmp', 'old'), new Date(0), new Date(0));
  expect((await clean()).removed).toMatchObject({
    lease: { objects: 1 },
    removal: { objects: 1 },
    probe: { objects: 1, bytes: 64 },
    unfinished: { objects: 1, bytes: 5 },
  });
  expect(await standingLeases(copy)).toHaveLength(1);
  expect(await keys('removals/')).toEqual([]);
  expect(readdirSync(path.join(root, '.tmp'))).toEqual(['young']);
});

test('a removal that was cut is left to whoever goes on with it', async () => {
  await announceRemoval(copy, whole, 'killed');
  expect((await clean({ graceMs: 0 })).removed).toEqual({});
  expect(await isBeingRemoved(copy, whole)).toBe(true);
});

describe('WAL', () => {
  const size = 64 * 1024;
  const systemIdentifier = '7000000000000000001';
  const at = (segment: number) => formatLsn(BigInt(segment * size));

  async function cleanedWal(heads: BackupHead[] | undefined): Promise<CleanedStore> {
    const outcome: CleanedStore = { store: 's0', removed: {}, left: [], more: 0 };
    const cleaning: Cleaning = {
      ...{ copy, remover: 'sweep', before: new Date(), dryRun: false, leased: new Set<string>(), outcome },
      beat: () => {},
    };
    await cleanWal(cleaning, repository, heads);
    return outcome;
  }

  async function needing(segment: number): Promise<BackupHead> {
    const head = await getHead(copy, whole);
    const span = { systemIdentifier, timeline: 1, startLsn: at(segment), stopLsn: at(segment + 1) };
    const [[name, summary] = ['', undefined]] = Object.entries(head.components);
    return { ...head, components: { [name]: { ...summary, kind: 'postgres' } as never }, databases: { [name]: span } };
  }

  let archive: WalArchive;
  const stored = async () => (await archive.pieces(1)).map(({ segment, whole: all }) => `${segment}${all ? '' : 'p'}`);

  beforeEach(async () => {
    const marker = { systemIdentifier, major: 15, segmentSize: size };
    archive = await WalArchive.begin(walObjects(repository), copy.store, marker);
    for (let segment = 1n; segment < 10n; segment++) await archive.putSegment(1, segment, Buffer.alloc(size, 1));
    await archive.putPart(1, BigInt(10 * size), Buffer.alloc(10));
    await archive.writeCoverage(1, { lsn: BigInt(10 * size + 10), serverTime: 5n });
  });

  test('before the oldest backup of any store goes, and parts beside their segment', async () => {
    await archive.putPart(1, BigInt(9 * size), Buffer.alloc(10, 1));
    expect((await cleanedWal([await needing(7), await needing(4)])).removed.wal?.objects).toBe(4);
    expect(await stored()).toEqual(['4', '5', '6', '7', '8', '9', '10p']);
    expect((await cleanedWal([await needing(7), await needing(4)])).removed).toEqual({});
  });

  test('stays where nobody can tell who needs it', async () => {
    const before = await stored();
    const { databases: _, ...silent } = await needing(4);
    for (const heads of [undefined, [], [await needing(7), silent]]) {
      const { removed, left } = await cleanedWal(heads);
      expect([removed, left]).toEqual([{}, [expect.stringContaining(`WAL of ${systemIdentifier}`)]]);
    }
    expect(await stored()).toEqual(before);
  });
});
