/** Words for people while a command works: always on stderr, so that stdout holds the answer and nothing else. */
import type { ErrorReport } from '../../domain/errors';

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** `error: …`, where it happened, and one `hint:` line for each thing that helps. */
export function sayError(report: ErrorReport): void {
  say(`error: ${report.message}${report.where === undefined ? '' : ` (${report.where})`}`);
  for (const hint of report.hints) say(`hint: ${hint}`);
}

/** Answers on stdout; resolves when the last byte has left, so that the process may end. */
export function answer(text: string): Promise<void> {
  return new Promise((resolve) => {
    process.stdout.write(text.endsWith('\n') ? text : `${text}\n`, () => resolve());
  });
}
