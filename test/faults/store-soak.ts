/**
 * `npm run soak:store`: one fault of the store at each request of backup, differential backup, verification, replication and retention. Prints a table of how each kind of fault
 * ended, and every one that ended wrongly; ends with 1 when there is any.
 *
 * Options: `--database` also a database, besides the files; `--seed N` and `--points N` for a sample of so many positions of each procedure and fault;
 * `--only backup|differential|verify|replicate|retention`; `--fault error|timeout|slow|truncated|lost|duplicate`.
 */
import { parseArgs } from 'node:util';
import { storeFaults } from '../support/faulty-s3';
import { sampleOf } from './kill-points';
import { type Disturbed, StoreSweep, swept } from './store-sweep';

const { values } = parseArgs({
  options: {
    database: { type: 'boolean', default: false },
    seed: { type: 'string', default: '1' },
    points: { type: 'string' },
    only: { type: 'string' },
    fault: { type: 'string' },
  },
});

async function main(): Promise<number> {
  const sweep = await StoreSweep.create({ database: values.database });
  try {
    const rows: Disturbed[] = [];
    const positions = await sweep.positions();
    process.stdout.write(`requests: ${JSON.stringify(positions)}\n`);
    const most = values.points === undefined ? Number.POSITIVE_INFINITY : Number(values.points);
    for (const procedure of swept.filter((one) => values.only === undefined || one === values.only)) {
      const all = Array.from({ length: positions[procedure] }, (_, at) => at + 1);
      for (const fault of storeFaults.filter((one) => values.fault === undefined || one === values.fault)) {
        const begun = rows.length;
        for (const nth of sampleOf(all, most, Number(values.seed))) {
          const row = await sweep.disturb(procedure, fault, nth);
          rows.push(row);
          if (row.wrong !== undefined) process.stdout.write(`WRONG ${JSON.stringify(row)}\n`);
        }
        process.stdout.write(`${lineOf(procedure, fault, rows.slice(begun))}\n`);
      }
    }
    const verified = (await sweep.verifyAll()).filter(({ status }) => status !== 'completed');
    for (const one of verified) process.stdout.write(`WRONG ${JSON.stringify(one)}\n`);
    const { brokenReceipts } = await sweep.books();
    const wrong = rows.filter((row) => row.wrong !== undefined).length + verified.length + brokenReceipts;
    process.stdout.write(`${rows.length} faults, ${wrong} wrong\n`);
    return wrong > 0 ? 1 : 0;
  } finally {
    await sweep.destroy();
  }
}

function lineOf(procedure: string, fault: string, rows: Disturbed[]): string {
  const completed = rows.filter(({ outcome }) => outcome === 'completed').length;
  const wrong = rows.filter((row) => row.wrong !== undefined).length;
  return `| ${procedure} | ${fault} | ${rows.length} | ${completed} | ${rows.length - completed} | ${wrong} |`;
}

void main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exit(1);
  },
);
