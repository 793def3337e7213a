/**
 * The kill sweep: a backup and a restore are run once undisturbed, every moment of them is made a kill point, and for each chosen
 * point they are run again with a SIGKILL there. Each must end `completed` by itself, and is proved.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { BackupType } from '../../domain/backup';
import { openRestored, tableSums } from '../support/proof';
import { type Books, readBooks } from './books';
import { killPoints } from './kill-points';
import { prepareLoad, startLoad } from './load';
import { type Moment, nameOf } from './moments';
import type { Note, PlacedNote, StoredTwiceNote } from './notes';
import { backupOrder, restoreOrder, verifyOrder } from './orders';
import { type KilledRun, Rig } from './rig';

export interface Row {
  procedure: 'backup' | 'restore';
  moment: string;
  seconds: number;
  /** Over the undisturbed run. */
  extraSeconds: number;
  /** Calls of activities beyond those of the undisturbed run. */
  callsAgain: number;
  /** Identical source bytes stored twice, and how many packs those are. */
  bytesTwice: number;
  packsTwice: number;
  /** Packs placed again although they were known to be placed. */
  placedAgain: number;
  /** What was not as it must be. */
  fault?: string;
}

export interface SweepOptions {
  /** Of pgbench: about 15 MB each. */
  scale: number;
  /** Of the backups that are killed and restored; the first of an incremental chain is full. */
  type?: BackupType;
  choose: (points: Moment[], procedure: Row['procedure']) => Moment[];
  /** How many of the backups made under kills are restored elsewhere, beside the full verification of all. */
  restored: number;
  say?: (line: string) => void;
  /** Told of every row as soon as it is there. */
  won?: (row: Row) => void;
}

export interface SweepResult {
  rows: Row[];
  books: Books;
  /** Procedures that were run, of each kind: what the books should know of. */
  procedures: { all: number; backups: number };
  points: { backup: number; restore: number };
  undisturbed: { backup: number; restore: number };
  sourceBytes: number;
}

export async function sweep(options: SweepOptions): Promise<SweepResult> {
  const { scale, type = 'full', choose, restored, say = () => undefined } = options;
  const won = (row: Row) => {
    say(lineOf(row));
    options.won?.(row);
    return row;
  };
  const rig = await Rig.create({ files: makeFiles }, ({ cluster }) => prepareLoad(cluster, scale));
  try {
    const backups = await backupSweep(rig, { scale, type, choose, restored, say, won });
    const restores = await restoreSweep(rig, type, choose, won);
    return {
      books: await readBooks(rig.system.config),
      procedures: rig.count,
      rows: [...backups.rows, ...restores.rows],
      points: { backup: backups.points, restore: restores.points },
      undisturbed: { backup: backups.undisturbed, restore: restores.undisturbed },
      sourceBytes: backups.bytes,
    };
  } finally {
    await rig.destroy();
  }
}

async function backupSweep(rig: Rig, options: Required<Omit<SweepOptions, 'won'>> & { won: (row: Row) => Row }) {
  const { scale, type, choose, restored, say, won } = options;
  const { cluster } = rig.system;
  await must(rig.run(backupOrder())); // warms up: the repository, the slot, the shipper
  const calm = await must(rig.run(backupOrder(type)));
  const points = killPoints(calm.notes, 'backup/');
  const rows: Row[] = [];
  const ids: string[] = [];
  const load = startLoad(cluster, scale);
  for (const moment of choose(points, 'backup')) {
    const row = await rowOf('backup', moment, calm, async () => {
      const killed = await rig.run(backupOrder(type), moment);
      const id = killed.result.backupId;
      if (id === undefined || killed.result.status !== 'completed') return { killed };
      const verified = await rig.run(verifyOrder(id));
      // Those whose packs were used again, or stored again, are the ones to doubt.
      if (killed.calls > calm.calls + 2 || ids.length < restored) ids.unshift(id);
      const fault = verified.result.status === 'completed' ? undefined : `verified: ${verified.result.error?.message}`;
      return { killed, fault };
    });
    rows.push(won(row));
  }
  await load.stop();
  const now = await clockOf(rig);
  const sums = await tableSums(cluster);
  await rig.system.covered(now);
  for (const id of ids.slice(0, restored)) {
    const to = path.join(rig.system.dir, `out-${id}`);
    await must(rig.run(restoreOrder(id, { to })));
    const opened = await openRestored(cluster, path.join(to, 'database'));
    same(await opened.sums(), sums, `${id} restored elsewhere`);
    await opened.amcheck();
    await opened.close();
    rmSync(to, { recursive: true });
    say(`${id}: restored elsewhere, checked by pg_amcheck, equal`);
  }
  return { rows, points: points.length, undisturbed: calm.result.seconds, bytes: calm.result.bytes ?? 0 };
}

async function restoreSweep(rig: Rig, type: BackupType, choose: SweepOptions['choose'], won: (row: Row) => Row) {
  const { system } = rig;
  await must(rig.run(backupOrder(type)));
  // Committed after the backup: only the WAL has it.
  await system.cluster.psql(`insert into ledger select from generate_series(1, 100)`);
  const target = await clockOf(rig);
  const sums = await tableSums(system.cluster);
  const files = contentsOf(system.filesDir);
  const order = restoreOrder('latest', { at: `time:${target}` });
  const once = async (moment?: Moment): Promise<Proved> => {
    await wreck(rig);
    const killed = await rig.run(order, moment);
    if (killed.result.status !== 'completed') return { killed };
    try {
      // The first commit of the new timeline, where the next restore stops: reading all tables writes WAL without one (hint
      // bits), which every later restore to this time would have to replay.
      await system.cluster.psql('select pg_current_xact_id()');
      same(await tableSums(system.cluster), sums, 'tables');
      same(contentsOf(system.filesDir), files, 'files');
      const left = readdirSync(system.cluster.dir).filter((name) => name.includes('holdfast'));
      if (left.length > 0) throw new Error(`left behind: ${left.join(', ')}`);
      return { killed };
    } catch (error) {
      return { killed, fault: String(error) };
    }
  };
  await system.cluster.psql('insert into ledger default values');
  await system.covered(target);
  const { killed: calm, fault } = await once();
  if (calm.result.status !== 'completed' || fault) throw new Error(fault ?? JSON.stringify(calm.result.error));
  const points = killPoints(calm.notes, 'restore/');
  const rows: Row[] = [];
  for (const moment of choose(points, 'restore')) {
    const row = await rowOf('restore', moment, calm, () => once(moment));
    rows.push(won(row));
  }
  return { rows, points: points.length, undisturbed: calm.result.seconds };
}

interface Proved {
  killed: KilledRun;
  fault?: string | undefined;
}

/** A run that does not end, or cannot be judged, is a row of the table too. */
async function rowOf(
  procedure: Row['procedure'],
  moment: Moment,
  calm: KilledRun,
  run: () => Promise<Proved>,
): Promise<Row> {
  const nothing = { seconds: 0, extraSeconds: 0, callsAgain: 0, bytesTwice: 0, packsTwice: 0, placedAgain: 0 };
  try {
    const { killed, fault } = await run();
    return rowOfRun(procedure, moment, calm, killed, fault);
  } catch (error) {
    return { procedure, moment: nameOf(moment), ...nothing, fault: String(error) };
  }
}

function rowOfRun(
  procedure: Row['procedure'],
  moment: Moment,
  calm: KilledRun,
  { result, notes, calls }: KilledRun,
  notProved: string | undefined,
): Row {
  const twice = notes.filter((one): one is StoredTwiceNote => one.kind === 'stored twice');
  const failure =
    result.status === 'completed' ? undefined : `${result.status}: ${result.error?.code} ${result.error?.message}`;
  const fault = failure ?? notProved;
  return {
    procedure,
    moment: nameOf(moment),
    seconds: result.seconds,
    extraSeconds: Math.max(0, result.seconds - calm.result.seconds),
    callsAgain: calls - calm.calls,
    bytesTwice: Math.max(0, ...twice.map(({ bytesTwice }) => bytesTwice)),
    packsTwice: Math.max(0, ...twice.map(({ packsTwice }) => packsTwice)),
    placedAgain: notes.filter(isPlaced).reduce((sum, { again }) => sum + again, 0),
    ...(fault === undefined ? {} : { fault }),
  };
}

function isPlaced(one: Note): one is PlacedNote {
  return one.kind === 'placed';
}

export function lineOf({ procedure, moment, extraSeconds, packsTwice, placedAgain, fault }: Row): string {
  const again = procedure === 'backup' ? `${packsTwice} packs stored twice` : `${placedAgain} packs placed again`;
  return `${procedure} ${moment}: +${extraSeconds.toFixed(1)} s, ${again}${fault === undefined ? '' : ` FAULT ${fault}`}`;
}

async function must(run: Promise<KilledRun>): Promise<KilledRun> {
  const one = await run;
  if (one.result.status !== 'completed')
    throw new Error(`${one.result.procedure}: ${JSON.stringify(one.result.error)}`);
  return one;
}

function clockOf({ system }: Rig): Promise<string> {
  return system.cluster.psql(`select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`);
}

async function wreck({ system }: Rig): Promise<void> {
  await system.cluster.psql(`update pgbench_accounts set abalance = -1 where aid % 500 = 0;
    delete from ledger where id % 2 = 0; drop table if exists doomed;`);
  writeFileSync(path.join(system.filesDir, 'app.conf'), 'answer = 41\n');
  writeFileSync(path.join(system.filesDir, 'stray'), 'not in the backup');
}

function makeFiles(folder: string): void {
  writeFileSync(path.join(folder, 'app.conf'), 'answer = 42\n');
  mkdirSync(path.join(folder, 'd'));
  for (let at = 0; at < 40; at++) writeFileSync(path.join(folder, 'd', `f${at}`), randomBytes(at * 5000));
}

function contentsOf(folder: string): Record<string, string> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  return Object.fromEntries(
    found.map(({ parentPath, name }) => [name, readFileSync(path.join(parentPath, name), 'base64')]),
  );
}

function same(found: object, expected: object, what: string): void {
  const [a, b] = [found, expected].map((one) =>
    JSON.stringify(Object.entries(one).sort(([x], [y]) => (x < y ? -1 : 1))),
  );
  if (a !== b) throw new Error(`${what} differ: ${a?.slice(0, 600)} instead of ${b?.slice(0, 600)}`);
}
