/**
 * `npm run soak`: the whole sweep, every kill point of a backup and a restore. Prints the table and writes `docs/kill-sweep.md`.
 *
 * Options: `--size MIB` of database (default 1024), `--seed N` and `--points N` for a sample instead of all, `--out FILE`.
 */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { sampleOf } from './kill-points';
import { type SweepResult, sweep } from './sweep';
import { markdownTable, summaryOf } from './table';

const { values } = parseArgs({
  options: {
    size: { type: 'string', default: '1024' },
    seed: { type: 'string', default: '1' },
    points: { type: 'string' },
    out: { type: 'string', default: path.resolve(__dirname, '../../../docs/kill-sweep.md') },
  },
});

const mibOfScale = 15;

async function main(): Promise<number> {
  const begun = Date.now();
  const most = values.points === undefined ? Number.POSITIVE_INFINITY : Number(values.points);
  const result = await sweep({
    scale: Math.max(1, Math.round(Number(values.size) / mibOfScale)),
    choose: (points) => sampleOf(points, most, Number(values.seed)),
    restored: 3,
    say: (line) => process.stderr.write(`${line}\n`),
  });
  writeFileSync(values.out, page(result, (Date.now() - begun) / 1000));
  process.stdout.write(`${markdownTable(result.rows)}\n\n${summaryOf(result)}\n`);
  return result.rows.some(({ fault }) => fault !== undefined) ? 1 : 0;
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
