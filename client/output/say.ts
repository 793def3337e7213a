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
  return written(text.endsWith('\n') ? text : `${text}\n`);
}

const inOne = 1000;

/** Of a long list piece by piece: as one text a catalog of many backups would lie in memory three times. */
export async function answerJson(json: unknown): Promise<void> {
  if (!Array.isArray(json) || json.length <= inOne) return await answer(JSON.stringify(json));
  for (let at = 0; at < json.length; at += inOne) {
    const piece = JSON.stringify(json.slice(at, at + inOne)).slice(1, -1);
    await written(`${at === 0 ? '[' : ','}${piece}`);
  }
  await written(']\n');
}

function written(text: string): Promise<void> {
  return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
