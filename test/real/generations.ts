/** What a database and a tree of files go through from one backup to the next: something else each time. */
import {
  appendFileSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  truncateSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { TestSystem } from '../support/system';

export async function generationChange(system: TestSystem, number: number): Promise<void> {
  const changes = [few, vacuumFull, tablespace, truncated, database, dropped, many];
  await changes[(number - 1) % changes.length]?.(system, number);
}

async function few({ cluster, filesDir }: TestSystem, number: number): Promise<void> {
  await cluster.psql(`update t set x = 'generation ${number}' where id % 9000 = 0`);
  const file = openSync(path.join(filesDir, 'large'), 'r+');
  writeSync(file, `generation ${number}`, 1_000_000 + number);
}

async function vacuumFull({ cluster, filesDir }: TestSystem, number: number): Promise<void> {
  await cluster.psql(`delete from t where id % 11 = ${number % 11}; vacuum full t`);
  truncateSync(path.join(filesDir, 'large'), 1_500_000);
}

async function tablespace({ cluster, filesDir }: TestSystem, number: number): Promise<void> {
  await cluster.createTablespace(`space${number}`);
  await cluster.psql(
    `create table in_space${number} tablespace space${number} as select generate_series(1, 4000) as id`,
  );
  appendFileSync(path.join(filesDir, 'large'), Buffer.alloc(700_000, `${number}`));
  mkdirSync(path.join(filesDir, `dir${number}`));
  writeFileSync(path.join(filesDir, `dir${number}`, 'new'), `made in ${number}`);
}

/** Shorter and longer again under the same name: what lay behind must not come back. */
async function truncated({ cluster, filesDir }: TestSystem, number: number): Promise<void> {
  await cluster.psql(`truncate t; insert into t select g, md5((g + ${number})::text) from generate_series(1, 30000) g;
    delete from t where id > 20000; vacuum t; insert into t select g, 'again' from generate_series(50001, 50200) g`);
  truncateSync(path.join(filesDir, 'large'), 20_000);
  truncateSync(path.join(filesDir, 'large'), 2_000_000);
}

async function database({ cluster, filesDir }: TestSystem, number: number): Promise<void> {
  await cluster.psql(`create database other${number} strategy file_copy`);
  await cluster.psql(`update t set x = x || '.' where id < 50`);
  // The same bytes under another name, and other bytes under the old one.
  renameSync(path.join(filesDir, 'large'), path.join(filesDir, `moved${number}`));
  writeFileSync(path.join(filesDir, 'large'), Buffer.alloc(400_000, `new ${number}`));
}

async function dropped({ cluster, filesDir }: TestSystem, number: number): Promise<void> {
  await cluster.psql(`drop table if exists gone; create table gone as select * from t; drop table gone`);
  await cluster.psql(`create index on t (x)`);
  await cluster.psql(`reindex table t; update t set x = 'r${number}' where id between 100 and 400`);
  rmSync(path.join(filesDir, `dir${number - 3}`), { recursive: true, force: true });
}

/** Also a file whose size and time are put back to what they were. */
async function many({ cluster, filesDir }: TestSystem, number: number): Promise<void> {
  await cluster.psql(`update t set x = md5(x || '${number}'); vacuum t`);
  await cluster.psql(`select lo_from_bytea(0, decode(repeat(md5('${number}'), 4000), 'hex'))`);
  const same = path.join(filesDir, 'same');
  writeFileSync(same, String(number % 10).repeat(20_000));
  utimesSync(same, 1_700_000_000, 1_700_000_000);
}
