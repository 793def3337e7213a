/**
 * `npm run soak`: the whole sweep, every kill point of a backup and a restore. Prints the table and writes `docs/kill-sweep.md`.
 *
 * Options: `--size MIB` of database (default 1024), `--seed N` and `--points N` for a sample of so many of each procedure, `--out FILE`.
 * `--rows FILE` keeps every row as it is won; what is in it already is not run again, so a soak can be cut and gone on with.
 * `--only backup|restore`. `--type incremental`: the backups build upon each other.
 */
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { sampleOf } from './kill-points';
import { nameOf } from './moments';
import { type Row, type SweepResult, sweep } from './sweep';
import { booksAreRight, markdownTable, summaryOf } from './table';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1024' },
    seed: { type: 'string', default: '1' },
    points: { type: 'string' },
    rows: { type: 'string' },
    only: { type: 'string' },
    type: { type: 'string', default: 'full' },
    out: { type: 'string', default: path.resolve(__dirname, '../../../docs/kill-sweep.md') },
  },
});

const mibOfScale = 15;

async function main(): Promise<number> {
  const begun = Date.now();
  const most = values.points === undefined ? Number.POSITIVE_INFINITY : Number(values.points);
  const before = rowsBefore();
  const known = new Set(before.map(({ procedure, moment }) => `${procedure} ${moment}`));
  const found = await sweep({
    scale: Math.max(1, Math.round(Number(values.size) / mibOfScale)),
    choose: (points, procedure) =>
      values.only !== undefined && values.only !== procedure
        ? []
        : sampleOf(points, most, Number(values.seed)).filter((one) => !known.has(`${procedure} ${nameOf(one)}`)),
    type: values.type === 'incremental' ? 'incremental' : 'full',
    restored: 3,
    say: (line) => process.stderr.write(`${line}\n`),
    won: (row) => {
      if (values.rows !== undefined) appendFileSync(values.rows, `${JSON.stringify(row)}\n`);
    },
  });
  const result = { ...found, rows: [...before, ...found.rows] };
  writeFileSync(values.out, page(result, (Date.now() - begun) / 1000));
  process.stdout.write(`${markdownTable(result.rows)}\n\n${summaryOf(result)}\n`);
  const right = booksAreRight(found);
  if (!right) process.stderr.write(`the books are not right: ${JSON.stringify([found.books, found.procedures])}\n`);
  return right && result.rows.every(({ fault }) => fault === undefined) ? 0 : 1;
}

function rowsBefore(): Row[] {
  if (values.rows === undefined || !existsSync(values.rows)) return [];
  const lines = readFileSync(values.rows, 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => JSON.parse(line) as Row).sort((a, b) => (a.procedure < b.procedure ? -1 : 1));
}

function page(result: SweepResult, seconds: number): string {
  const arguments_ = `--size ${values.size} --seed ${values.seed}${values.points ? ` --points ${values.points}` : ''}`;
  return `# Kill sweep

What a SIGKILL of the worker costs at each moment of a backup and of a restore in place to a point in time. The moments are taken
from an undisturbed run: before and after every activity, and in the middle of every one that takes longer than 150 ms. After
each kill the process is started again as a service manager would, and nobody helps; backups are made under load and each is
verified in full, some are restored elsewhere and compared; after each restore every table and file is compared.

Made by \`npm run soak -- ${arguments_}\` in ${(seconds / 60).toFixed(0)} minutes:
${summaryOf(result)
  .split('\n')
  .map((line) => `- ${line}`)
  .join('\n')}

"Stored twice" are identical source bytes in two packs when everything is stored and nothing cleared away yet; "calls again" are
activity calls beyond those of the undisturbed run; "placed again" are packs placed twice although the journal had them.

${markdownTable(result.rows)}
`;
}

void main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
