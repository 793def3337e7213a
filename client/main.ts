/**
 * The `holdfast` command: starts, watches and aborts procedures, and answers questions about backups.
 *
 * Guaranteed: stdout holds the answer and nothing else (with `--json` exactly one JSON document, errors included); progress,
 * warnings and errors go to stderr; exit codes are 0 done, 1 failed, 2 could not run, 130 aborted.
 */
import { boundNursery } from '../workers/nursery';
import { reportFailure } from './output/failure';
import { buildProgram } from './program';

async function main(argv: string[]): Promise<number> {
  boundNursery();
  const program = buildProgram();
  try {
    await program.parseAsync(argv);
    return Number(process.exitCode ?? 0);
  } catch (error) {
    return reportFailure(error, argv.includes('--json'));
  }
}

// A connection or native thread that is still open must not keep an answered command alive.
void main(process.argv).then((code) => process.exit(code));
