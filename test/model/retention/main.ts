/** `npm run model:retention -- --sequences N --seed S [--plant-bug NAME]`; the last line says how many sequences, and how many violations. */
import { parseArgs } from 'node:util';
import { check, describeViolation, faults } from './check';

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      sequences: { type: 'string', default: '20000' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000) },
      'plant-bug': { type: 'string' },
    },
  });
  const bug = values['plant-bug'];
  const fault = bug === undefined ? undefined : faults[bug];
  const [sequences, seed] = [Number(values.sequences), Number(values.seed)];
  if (
    (bug !== undefined && fault === undefined) ||
    !Number.isInteger(sequences) ||
    !Number.isInteger(seed) ||
    sequences < 1
  ) {
    process.stderr.write(`expected --sequences N, --seed S and --plant-bug ${Object.keys(faults).join('|')}\n`);
    return 2;
  }
  process.stdout.write(`seed ${seed}${bug === undefined ? '' : `, with the fault ${bug}`}\n`);
  const onViolation = (violation: Parameters<typeof describeViolation>[0]) => {
    process.stdout.write(`${describeViolation(violation)}\n`);
  };
  const checked = await check({ sequences, seed, fault, onViolation });
  process.stdout.write(`${checked.sequences} sequences, ${checked.violations.length} violations\n`);
  return checked.violations.length > 0 ? 1 : 0;
}

main().then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
    process.exitCode = 2;
  },
);
