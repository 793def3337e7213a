import {
  appendFileSync,
  chmodSync,
  chownSync,
  cpSync,
  readdirSync,
  readFileSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fillSpool, type SpoolProgress } from '../../../../components/postgres/wal/spool';
import { decideRecovery, type RecoveryDecision, type ReplayTarget } from '../../../../domain/decide-recovery';
import { formatForPostgres, fromDate, parseInstant } from '../../../../domain/instant';
import { formatLsn, parseLsn } from '../../../../domain/lsn';
import { parseTarget } from '../../../../domain/recovery-target';
import type { WalFacts } from '../../../../domain/wal-facts';
import type { WalArchive } from '../../../../repository/wal/archive';
import { Cluster, startCluster } from '../../../support/postgres-cluster';
import { serverUser } from '../../../support/postgres-host';
import {
  emitWal,
  mib,
  openArchive,
  type Running,
  StoreFolder,
  startReceiver,
  until,
  untilStored,
  walCluster,
} from './shipping';

let primary: Cluster;
let standby: Cluster;
let folder: StoreFolder;
let archive: WalArchive;
let backup: { from: bigint; stopLsn: bigint; stopTime: bigint; dir: string };
const times: string[] = [];
const xids: string[] = [];

/** A row per committed transaction, with the server's clock after each. */
async function addRow(cluster: Cluster): Promise<void> {
  xids.push(await cluster.psql('insert into ledger default values returning pg_current_xact_id()'));
  await sleep(20);
  times.push(
    await cluster.psql(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`),
  );
  await sleep(20);
}

beforeAll(async () => {
  primary = await startCluster({ name: 'spool', ...walCluster });
  await primary.psql('create table ledger (id int generated always as identity)');
  standby = await primary.standby();
  folder = new StoreFolder();
  const receiver: Running = startReceiver(standby, [folder.store]);
  backup = await baseBackup(primary);
  for (let row = 1; row <= 5; row++) await addRow(primary);
  await primary.psql(`select pg_create_restore_point('five')`);
  await emitWal(primary, 2);
  const lsn = await primary.psql('select pg_current_wal_flush_lsn()');
  await until('replayed', async () => (await standby.psql(`select pg_last_wal_replay_lsn() >= '${lsn}'`)) === 't');
  await standby.promote();
  for (let row = 6; row <= 8; row++) await addRow(standby);
  await untilStored(standby, receiver);
  const quiet = fromDate(new Date());
  await until('covered', () => (receiver.progress()?.coverage?.serverTime ?? 0n) > quiet);
  await receiver.stop();
  archive = await openArchive(folder.store, standby);
});
afterAll(async () => {
  await primary.destroy();
  folder.drop();
});

async function baseBackup(from: Cluster): Promise<typeof backup> {
  const dir = path.join(from.dir, 'base');
  await from.program('pg_basebackup', ['-D', dir, '-X', 'none', '-c', 'fast', '--no-sync']);
  const label = readFileSync(path.join(dir, 'backup_label'), 'utf8');
  const manifest = JSON.parse(readFileSync(path.join(dir, 'backup_manifest'), 'utf8')) as {
    'WAL-Ranges': { 'End-LSN': string }[];
  };
  return {
    dir,
    from: parseLsn(/START WAL LOCATION: (\S+)/.exec(label)?.[1] ?? ''),
    stopLsn: parseLsn(manifest['WAL-Ranges'][0]?.['End-LSN'] ?? ''),
    stopTime: fromDate(new Date()),
  };
}

interface Planned {
  facts: WalFacts;
  decide: () => RecoveryDecision;
  dir: string;
  progress?: SpoolProgress;
}

async function plan(at: string | undefined, { timeline = 2, inclusive = true, dir = '' } = {}): Promise<Planned> {
  const target = parseTarget(at);
  const way = await archive.timelinePath(timeline);
  const coverage = await archive.coverageOf(way);
  const spool = dir || path.join(primary.directory(path.join(primary.dir, `spool-${Math.random()}`)), 'wal');
  let progress: SpoolProgress | undefined;
  const { facts } = await fillSpool({
    ...{ archive, path: way, from: backup.from, target, inclusive, consistentAt: backup.stopLsn, dir: spool },
    owner: serverUser(),
    onProgress: (one) => {
      progress = one;
    },
  });
  return {
    ...{ facts, dir: spool, progress },
    decide: () => decideRecovery({ target, inclusive, backup, facts, coverage }),
  };
}

/** Replays a copy of the backup with the server itself; returns how many rows came back. */
async function replay(planned: Planned, timeline: number): Promise<number> {
  const { tell } = planned.decide();
  const restored = await Cluster.layOut({ name: 'rp' }, primary);
  try {
    cpSync(backup.dir, restored.dataDir, { recursive: true, preserveTimestamps: true });
    writeFileSync(path.join(restored.dataDir, 'recovery.signal'), '');
    chmodSync(restored.dataDir, 0o700);
    chownAll(restored.dataDir);
    restored.configure({
      restore_command: `cp ${planned.dir}/%f "%p"`,
      recovery_target_timeline: timeline,
      recovery_target_action: 'promote',
      ...settings(tell),
    });
    await restored.start();
    await until('promoted', async () => (await restored.psql('select pg_is_in_recovery()')) === 'f');
    return Number(await restored.psql('select count(*) from ledger'));
  } finally {
    await restored.destroy();
  }
}

function chownAll(dir: string): void {
  const user = serverUser();
  if (!user) return;
  chownSync(dir, user.uid, user.gid);
  for (const entry of readdirSync(dir, { recursive: true }))
    chownSync(path.join(dir, String(entry)), user.uid, user.gid);
}

function settings(tell: ReplayTarget): Record<string, string> {
  const inclusive = { recovery_target_inclusive: 'inclusive' in tell && !tell.inclusive ? 'off' : 'on' };
  switch (tell.kind) {
    case 'time':
      return { recovery_target_time: formatForPostgres(tell.at), ...inclusive };
    case 'xid':
      return { recovery_target_xid: tell.xid, ...inclusive };
    case 'lsn':
      return { recovery_target_lsn: tell.lsn, ...inclusive };
    case 'name':
      return { recovery_target_name: tell.name };
    case 'consistent':
      return { recovery_target: 'immediate' };
    case 'end-of-wal':
      return {};
  }
}

test('a time between two commits brings back exactly the first', async () => {
  const planned = await plan(times[2]);
  expect(planned.decide().tell.kind).toBe('time');
  expect(await replay(planned, 2)).toBe(3);
});

test('the old timeline is replayed to its end out of parts', async () => {
  const planned = await plan('name:five', { timeline: 1 });
  expect(await replay(planned, 1)).toBe(5);
});

test('a time after the last commit that the coverage reaches is replayed to the end, on the new timeline', async () => {
  const quiet = formatForPostgres(((await archive.readCoverage(2))?.serverTime ?? 0n) - 1000n).replace(' ', 'T');
  const planned = await plan(quiet);
  expect(planned.decide().tell).toEqual({ kind: 'end-of-wal' });
  expect(await replay(planned, 2)).toBe(8);
});

test('a transaction id, exclusive, brings back all before it', async () => {
  const planned = await plan(`xid:${xids[6]}`, { inclusive: false });
  expect(await replay(planned, 2)).toBe(6);
});

test('times outside what is stored are refused before anything starts', async () => {
  const before = formatForPostgres(parseInstant(times[0] as string) - 3_600_000_000n);
  const after = formatForPostgres(parseInstant(times[7] as string) + 3_600_000_000n);
  expect((await plan(before)).decide).toThrow(expect.objectContaining({ code: 'timestamp_out_of_range' }));
  expect((await plan(after)).decide).toThrow(expect.objectContaining({ code: 'timestamp_out_of_range' }));
  expect((await plan('name:never')).decide).toThrow(expect.objectContaining({ code: 'target_not_found' }));
});

test('an early target needs only the first segments, and every file is a full segment', async () => {
  const planned = await plan(times[0]);
  const all = await plan(undefined);
  expect(planned.progress?.segments).toBeLessThan(all.progress?.segments as number);
  const names = readdirSync(all.dir).filter((name) => /^[0-9A-F]{24}$/.test(name));
  expect(names.every((name) => statSync(path.join(all.dir, name)).size === mib)).toBe(true);
  expect(readdirSync(all.dir)).toContain('00000002.history');
  expect(all.facts.restorePoints.map((point) => point.name)).toEqual(['five']);
});

test('a spool that was cut goes on: what is right stays, what was damaged is fetched again', async () => {
  const first = await plan(undefined);
  const names = readdirSync(first.dir).filter((name) => /^[0-9A-F]{24}$/.test(name));
  expect(first.progress?.fetched).toBe(first.progress?.segments);
  appendFileSync(path.join(first.dir, names[0] as string), 'x');
  const kept = path.join(first.dir, names[1] as string);
  utimesSync(kept, 1, 1);
  const second = await plan(undefined, { dir: first.dir });
  expect(second.progress?.fetched).toBe(1);
  expect(statSync(kept).mtimeMs).toBe(1000);
  expect(statSync(path.join(first.dir, names[0] as string)).size).toBe(mib);
  expect(second.facts).toEqual(first.facts);
});

test('a missing segment in the middle is named', async () => {
  const whole = (await archive.pieces(1)).filter((piece) => piece.whole);
  const victim = whole.at(-1);
  const body = await folder.store.get(victim?.key as string);
  await folder.store.delete([victim?.key as string]);
  try {
    const planned = await plan(undefined);
    expect(planned.facts.hole?.segment).toBe(victim?.key.split('/').at(-1));
    const late = await plan(formatLsn(backup.stopLsn + 8n * BigInt(mib)));
    expect(late.decide).toThrow(expect.objectContaining({ code: 'wal_gap' }));
  } finally {
    await folder.store.put(victim?.key as string, body);
  }
});
