/** By a program of the user's own: the notice comes as JSON on its standard input, and exit 0 means that it was taken. */
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Config } from '../../domain/config/types';
import type { CommandTarget } from '../../domain/config/types-notifications';
import { withoutSecrets } from '../config-file/environment';
import { runBounded } from '../services/run-bounded';
import type { Posting } from './deliver';
import { failed, oneLine, refused } from './failure';

export async function runCommand(
  target: CommandTarget,
  { name, document, signal }: Posting,
  config: Config,
): Promise<void> {
  const [program = '', ...args] = target.argv;
  const env = withoutSecrets(config);
  if (programPath(program, env) === undefined) throw refused(name, `there is no program ${program} that may be run`);
  const input = `${JSON.stringify(document)}\n`;
  const ended = await runBounded(program, args, { timeoutMs: target.timeout, signal, env, input });
  if (ended.code === 0) return;
  const printed = ended.output.trim() === '' ? '' : `; it printed: ${oneLine(ended.output.trim().slice(-200))}`;
  throw failed(name, `${program} ${ended.failure ?? `ended with ${ended.code}`}${printed}`);
}

/** Where the program is; undefined: nowhere, or it may not be run. */
export function programPath(program: string, env: NodeJS.ProcessEnv): string | undefined {
  const candidates = program.includes('/')
    ? [program]
    : (env['PATH'] ?? '').split(delimiter).map((folder) => join(folder, program));
  return candidates.find((file) => {
    try {
      accessSync(file, constants.X_OK);
      return statSync(file).isFile();
    } catch {
      return false;
    }
  });
}
