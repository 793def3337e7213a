/** From commander to a command's work and back: options in, answer and exit code out. */
import type { Command } from 'commander';
import { writingAs } from '../repository/catalog/author';
import type { GlobalOptions, Outcome } from './context';
import { answer, answerJson } from './output/say';

/** Runs a command's work and prints what it leaves, in the form that was asked for. */
export function acting<Options extends GlobalOptions>(
  work: (options: Options, argument: string | undefined) => Promise<Outcome>,
): (...given: unknown[]) => Promise<void> {
  return async (...given) => {
    const command = given.at(-1) as Command;
    const argument = typeof given[0] === 'string' ? given[0] : undefined;
    const options = command.optsWithGlobals<Options>();
    const { json, text, exit = 0 } = await writingAs(nameOf(command), () => work(options, argument));
    if (options.json && json !== undefined) await answerJson(json);
    else if (!options.json && text !== undefined && text !== '') await answer(text);
    process.exitCode = exit;
  };
}

/** As the person typed it: `holdfast catalog rebuild`. */
function nameOf(command: Command): string {
  return command.parent === null ? command.name() : `${nameOf(command.parent)} ${command.name()}`;
}
