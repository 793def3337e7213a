/** Questions to the person at the terminal. */
import { createInterface } from 'node:readline/promises';
import { HoldfastError } from '../../domain/errors';
import type { GlobalOptions } from '../context';

export function atTerminal(): boolean {
  return process.stdin.isTTY === true && process.stderr.isTTY === true;
}

/** Asks on stderr and returns the answer, trimmed and in lower case. */
export async function ask(question: string): Promise<string> {
  const lines = createInterface({ input: process.stdin, output: process.stderr });
  try {
    return (await lines.question(question)).trim().toLowerCase();
  } finally {
    lines.close();
  }
}

/**
 * Lets the person agree to what cannot be taken back.
 * @throws HoldfastError `confirmation_required` when nobody can be asked, `aborted` when the answer is no
 */
export async function confirm(what: string, options: GlobalOptions): Promise<void> {
  if (options.yes) return;
  if (!atTerminal()) {
    throw new HoldfastError('confirmation_required', what, { hints: ['add --yes to agree'] });
  }
  const said = await ask(`${what}. Go on? [y/N] `);
  if (said !== 'y' && said !== 'yes') throw new HoldfastError('aborted', 'nothing was done');
}
