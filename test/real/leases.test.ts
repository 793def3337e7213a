/**
 * Retention's protocol beside procedures that run for real: who meets a removal takes another backup or says so, what is leased is not removed,
 * and WAL that is gone is no gap to anybody.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ComponentPoints } from '../../client/catalog/points';
import type { Spared } from '../../client/catalog/spare';
import { loadConfig } from '../../components/config-file/load';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import type { ListedBackup } from '../../domain/catalog/filter';
import type { CleanedStore } from '../../domain/cleanup/report';
import { parseLsn } from '../../domain/lsn';
import type { ProcedureResult } from '../../domain/progress';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead, putHead } from '../../repository/heads';
import { announceRemoval, removalDone, standingLeases } from '../../repository/leases';
import { listHolds, readPins } from '../../repository/pins';
import type { Repository } from '../../repository/repository';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import { removeWal } from '../../repository/wal/remove';
import { TestSystem, type Up } from '../support/system';
import { placeFor, proveCopy, sumsCovered } from './whole-chain';

let system: TestSystem;
let up: Up;
let repository: Repository;
let copy: RepositoryCopy;
let full: string;
let incremental: string;
let between: string;

beforeAll(async () => {
  system = await TestSystem.create();
  await system.cluster.psql('create table t (id int primary key); insert into t select generate_series(1, 20000)');
  up = await system.up();
  full = (await system.procedure('backup')).backupId as string;
  incremental = (await system.procedure('backup', '--type', 'incremental')).backupId as string;
  repository = await openConfiguredRepository((await loadConfig(system.config)).config);
  copy = repository.copy();
}, 120_000);
afterAll(async () => {
  await repository?.close();
  await up?.stop();
  await system?.destroy();
});

const leases = async () => (await standingLeases(copy)).map(({ backupId, kind }) => [kind, backupId]);
const now = () =>
  system.cluster.psql(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);

const storesOf = ({ details }: ProcedureResult) => (details?.['stores'] ?? []) as CleanedStore[];

/** Whatever is asked while a removal of the backup is announced. */
async function whileRemoving<T>(id: string, work: () => Promise<T>): Promise<T> {
  expect(await announceRemoval(copy, id, 'sweep')).toEqual([]);
  try {
    return await work();
  } finally {
    await removalDone(copy, id);
  }
}

test('what was done holds nothing any more', async () => {
  expect(incremental).toContain('_incremental_');
  expect(await leases()).toEqual([]);
});

test('a restore of the latest takes the next backup when the newest is being removed; of that one by name it is refused untouched', async () => {
  const { to } = placeFor(system, 'refused');
  await whileRemoving(incremental, async () => {
    expect(await system.procedure('restore', 'latest', '--to', placeFor(system, 'next').to)).toMatchObject({
      status: 'completed',
      backupId: full,
    });
    expect(await system.procedure('restore', incremental, '--to', to)).toMatchObject({
      status: 'failed',
      error: { code: 'backup_unusable' },
    });
    expect(existsSync(to)).toBe(false);
    expect(await system.procedure('verify', incremental)).toMatchObject({ error: { code: 'backup_unusable' } });
  });
  expect(await leases()).toEqual([]);
});

test('a backup builds upon nothing that is being removed', async () => {
  const made = await whileRemoving(incremental, () => system.procedure('backup', '--type', 'incremental'));
  expect(made.error).toBeUndefined();
  expect((await getHead(copy, made.backupId as string)).chain).toEqual([full]);
});

test('a restore holds its whole chain and the WAL behind it, over the death of its worker, and gives them back at its end', async () => {
  const { to, database } = placeFor(system, 'killed');
  const sums = await sumsCovered(system);
  const { code } = await system.cli('restore', incremental, '--to', to, '--detach');
  expect(code).toBe(0);
  await system.until(async () => ((await leases()).length === 3 ? true : undefined), 30_000);
  await up.kill9();
  const held = new Map((await standingLeases(copy)).map((lease) => [lease.backupId, lease]));
  expect([...held.keys()].sort()).toEqual([full, incremental, expect.stringMatching(/^wal-\d+$/)]);
  for (const id of [full, incremental]) {
    expect(await announceRemoval(copy, id, 'sweep')).toMatchObject([{ kind: 'restore' }]);
    expect(Date.parse(held.get(id)?.until ?? '') - Date.now()).toBeGreaterThan(6 * 24 * 3600_000);
  }
  up = await system.up();
  await system.until(async () => ((await leases()).length === 0 ? true : undefined), 90_000);
  await proveCopy(system, database, sums);
});

test('an aborted backup gives back what it held', async () => {
  const { code } = await system.cli('backup', '--type', 'incremental', '--detach');
  expect(code).toBe(0);
  await system.until(async () => ((await leases()).length > 0 ? true : undefined), 30_000);
  await system.cli('abort', `backup/${system.name}/dc01`);
  await system.until(async () => ((await leases()).length === 0 ? true : undefined), 60_000);
});

test('WAL before the second backup goes: any time after it is restored, any before is refused, and nobody misses it', async () => {
  between = await now();
  await system.cluster.psql('insert into t select generate_series(30001, 30100); select pg_switch_wal()');
  const second = (await system.procedure('backup')).backupId as string;
  const {
    systemIdentifier = '',
    timeline = 0,
    startLsn = '',
  } = (await getHead(copy, second)).databases?.['database'] ?? {};
  await system.cluster.psql('insert into t select generate_series(40001, 40100)');
  const after = await now();
  const sums = await sumsCovered(system);

  const archive = (await WalArchive.open(walObjects(repository), copy.store, systemIdentifier)) as WalArchive;
  const windows = [{ timeline, from: parseLsn(startLsn) }];
  const removed = await removeWal(copy, archive, { windows, spans: [], remover: 'retention' });
  expect(removed).toMatchObject({ gaveWayTo: [], stretches: [{ timeline }] });
  expect(removed.objects).toBeGreaterThan(0);
  const segments = path.join(system.storeDir, 'wal', systemIdentifier, '00000001', 'segments');
  for (const name of readdirSync(segments)) {
    expect(BigInt(`0x${name.slice(16)}`)).toBeGreaterThanOrEqual(parseLsn(startLsn) / 16777216n);
  }

  await system.cluster.psql('insert into t select generate_series(50001, 50100)');
  await system.covered(await now());
  const [points] = JSON.parse((await system.cli('points', '--json')).stdout) as ComponentPoints[];
  expect(points?.gaps).toEqual([]);
  expect(points?.intervals.map(({ backups }) => backups)).toEqual([[second]]);
  expect((await system.cli('status')).code).toBe(0);
  expect(await system.procedure('verify', second, '--full')).toMatchObject({ status: 'completed' });

  const { to, database } = placeFor(system, 'after');
  expect(
    await system.procedure('restore', 'latest', '--at', after, '--to', to, '--component', 'database'),
  ).toMatchObject({
    status: 'completed',
    backupId: second,
  });
  await proveCopy(system, database, sums);
  const refused = await system.procedure('restore', 'latest', '--at', between, '--to', placeFor(system, 'before').to);
  expect(refused).toMatchObject({ status: 'failed', error: { code: 'timestamp_out_of_range' } });
  expect(refused.error?.hints.join()).toContain('holdfast points');
});

test('a pin brings back what had expired, is said once, and comes too late for what is being removed', async () => {
  const head = await getHead(copy, incremental);
  await putHead(copy, { ...head, status: 'expired', expiredAt: new Date().toISOString() });
  const late = await whileRemoving(incremental, () => system.cli('pin', incremental, '--json'));
  expect([late.code, JSON.parse(late.stdout)]).toMatchObject([2, { error: { code: 'backup_unusable' } }]);
  expect((await getHead(copy, incremental)).status).toBe('expired');
  const pinned = JSON.parse((await system.cli('pin', incremental, '--reason', 'the audit', '--json')).stdout) as Spared;
  expect(pinned).toMatchObject({ kind: 'pin', stores: ['hot'], revived: ['hot'], reason: 'the audit' });
  expect(await getHead(copy, incremental)).toEqual({ ...head, status: 'completed' });
  const again = JSON.parse((await system.cli('pin', incremental, '--reason', 'other', '--json')).stdout) as Spared;
  expect(again).toEqual({ ...pinned, revived: [] });
  expect([...(await readPins([copy])).keys()]).toEqual([incremental]);
  expect(await leases()).toEqual([]);
  const listed = JSON.parse((await system.cli('list', incremental, '--json')).stdout) as ListedBackup[];
  expect(listed).toMatchObject([{ id: incremental, pin: { by: pinned.by, reason: 'the audit' } }]);
  expect((await system.cli('list')).stdout).toMatch(new RegExp(`${incremental}.*pinned`));
  expect((await system.cli('list', incremental)).stdout).toMatch(/pinned +by .+: the audit/);
  expect((await system.cli('unpin', incremental)).stdout).toContain('not pinned any more');
  expect((await system.cli('unpin', incremental)).stdout).toContain('was not pinned');

  expect((await system.cli('pin', incremental, '--hold')).code).toBe(0);
  const refused = await system.cli('unpin', incremental, '--hold', '--json');
  expect([refused.code, JSON.parse(refused.stdout)]).toMatchObject([2, { error: { code: 'confirmation_required' } }]);
  expect((await listHolds(copy)).map(({ backupId }) => backupId)).toEqual([incremental]);
  expect((await system.cli('unpin', incremental, '--hold', '--yes')).code).toBe(0);
  expect(await listHolds(copy)).toEqual([]);
  expect((await system.cli('pin', 'sys_full_20200101_000000')).code).toBe(2);
});

test('a cleanup beside a backup that is just storing takes nothing of it, and what died long ago goes', async () => {
  writeFileSync(path.join(system.filesDir, 'large'), randomBytes(40_000_000));
  const dead = 'backups/sys_full_20250101_000000/';
  await copy.store.put(`${dead}owner`, Buffer.from('nobody'));
  await copy.store.put(`${dead}packs/${'0'.repeat(32)}`, Buffer.alloc(1000));
  await copy.store.put('notes.txt', Buffer.from('mine'));
  const { code } = await system.cli('backup', '--detach');
  expect(code).toBe(0);
  const making = await system.until(async () => (await leases()).find(([kind]) => kind === 'backup')?.[1], 30_000);
  const cleaned = await system.procedure('retention', 'cleanup', '--grace', '0s');
  expect(cleaned.error).toBeUndefined();
  const [hot] = storesOf(cleaned);
  expect(hot).toMatchObject({ store: 'hot', removed: { backup: { objects: 2, bytes: 1006 } } });
  expect(hot?.left.join()).toContain('notes.txt: none of ours');
  expect(await copy.store.head('notes.txt')).toBeDefined();
  await system.until(async () => ((await leases()).length === 0 ? true : undefined), 90_000);
  expect((await getHead(copy, making as string)).status).toBe('completed');
  expect(await system.procedure('verify', making as string, '--full')).toMatchObject({ status: 'completed' });
  const again = await system.procedure('retention', 'cleanup', '--grace', '0s');
  expect(storesOf(again).map(({ removed }) => removed)).toEqual([{}]);
});
