/** How a command that threw ends: the error in words or as JSON, and the exit code. */
import { CommanderError } from 'commander';
import { masked } from '../../components/config-file/secrets';
import { catalogue, type ErrorReport, reportError } from '../../domain/errors';
import { answer, say, sayError } from './say';

/** @returns the exit code */
export async function reportFailure(error: unknown, json: boolean): Promise<number> {
  if (error instanceof CommanderError && error.exitCode === 0) return 0;
  const report = error instanceof CommanderError ? usageReport(error) : masked(reportError(error));
  if (json) await answer(JSON.stringify({ error: withWhere(report) }));
  else sayError(report);
  // A fault of ours: the person who mends it needs the place, and no secret is in a stack.
  if (report.code === 'internal' && process.env.HOLDFAST_DEBUG && error instanceof Error) say(String(error.stack));
  return catalogue[report.code].exit;
}

/** `where` is always there for programs, null when it is not known. */
export function withWhere({ code, message, where, hints }: ErrorReport): object {
  return { code, message, where: where ?? null, hints };
}

/** Commander says `error: unknown option '--foo'\n(Did you mean --for?)`, or prints the help and says `(outputHelp)`. */
function usageReport({ message, code }: CommanderError): ErrorReport {
  if (code === 'commander.help') {
    return { code: 'usage', message: 'a command is missing', hints: ['see "holdfast --help"'] };
  }
  const [first = '', ...rest] = message
    .replace(/^error: /, '')
    .replace(/\. Allowed choices are (.*)\.$/, '\nallowed: $1')
    .split('\n');
  const hints = rest.map((line) => line.replace(/^\((.*)\)$/, '$1').replace(/^Did/, 'did'));
  return { code: 'usage', message: first, hints: hints.length > 0 ? hints : ['see "holdfast --help"'] };
}
