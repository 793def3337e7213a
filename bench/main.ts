/**
 * The benchmarks: `npm run bench -- [NAME…] [--json] [--mib N] [--rounds N] [--seconds N] [--backups N]`; what each measures and how is in docs/benchmarks.md.
 *
 * Guaranteed: contenders meet the same data on the same file system, by turns; figures are medians; a peer that is not on the
 * machine is named as missing. Not guaranteed: that absolute figures mean anything on a machine that is doing something else.
 */
import { parseArgs } from 'node:util';
import { level } from './peers/peer';
import { describe, type Row } from './row';
import { Session } from './session';
import { backup } from './works/backup';
import { catalog } from './works/catalog';
import { commit } from './works/commit';
import { history } from './works/history';
import { incremental } from './works/incremental';
import { incrementalGrowth } from './works/incremental-growth';
import { overhead } from './works/overhead';
import { replicate } from './works/replicate';
import { restore } from './works/restore';
import { verify } from './works/verify';
import { walCost } from './works/wal-cost';
import { walPush } from './works/wal-push';
import { walReplay } from './works/wal-replay';

const works: Record<string, (session: Session) => Promise<Row>> = {
  'backup-dir': (session) => backup(session, 'backup-dir', 'dir', level),
  'backup-s3': (session) => backup(session, 'backup-s3', 's3', level),
  'backup-default': (session) => backup(session, 'backup-default', 'dir'),
  'restore-dir': (session) => restore(session, 'restore-dir', 'dir'),
  'restore-s3': (session) => restore(session, 'restore-s3', 's3'),
  'incremental-1': (session) => incremental(session, 1),
  'incremental-5': (session) => incremental(session, 5),
  'incremental-20': (session) => incremental(session, 20),
  'incremental-none': (session) => incremental(session, 0),
  'incremental-growth': incrementalGrowth,
  'verify-quick': (session) => verify(session, 'quick'),
  'verify-full': (session) => verify(session, 'full'),
  overhead,
  replicate,
  history,
  catalog,
  'wal-replay': walReplay,
  'wal-push': walPush,
  'wal-cost': walCost,
  'commit-async': (session) => commit(session, 'async'),
  'commit-sync': (session) => commit(session, 'sync'),
};

async function main(args: string[]): Promise<number> {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      json: { type: 'boolean', default: false },
      mib: { type: 'string', default: '2048' },
      rounds: { type: 'string', default: '3' },
      seconds: { type: 'string' },
      backups: { type: 'string', default: '5000' },
    },
  });
  const names = positionals.length > 0 ? positionals : Object.keys(works);
  const unknown = names.filter((name) => !(name in works));
  const [mib, rounds, backups] = [Number(values.mib), Number(values.rounds), Number(values.backups)];
  const seconds = values.seconds === undefined ? undefined : Number(values.seconds);
  const bad = !(mib > 0) || !isCount(rounds) || !isCount(backups) || (seconds !== undefined && !isCount(seconds));
  if (unknown.length > 0 || bad) {
    const options = '[--json] [--mib N] [--rounds N] [--seconds N] [--backups N]';
    process.stderr.write(`usage: bench [${Object.keys(works).join('|')}]… ${options}\n`);
    return 2;
  }
  const session = new Session({ mib, rounds, seconds, backups, say: (line) => process.stderr.write(`${line}\n`) });
  const rows: Row[] = [];
  let failed = false;
  const interrupted = () => void session.bed.destroy().finally(() => process.exit(130));
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    for (const name of names) {
      try {
        const row = await (works[name] as (typeof works)[string])(session);
        rows.push(row);
        if (!values.json) process.stdout.write(`${describe(row)}\n`);
      } catch (error) {
        failed = true;
        process.stderr.write(`${name} was not measured: ${error instanceof Error ? error.message : String(error)}\n`);
      }
    }
  } finally {
    await session.bed.destroy();
  }
  if (values.json) process.stdout.write(`${JSON.stringify({ rows })}\n`);
  return failed ? 1 : 0;
}

function isCount(value: number): boolean {
  return Number.isInteger(value) && value >= 1;
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
