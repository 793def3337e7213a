/** The root of the command tree: what all commands share. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { Command } from 'commander';
import { declareCommands } from './commands';

export function buildProgram(): Command {
  const program = new Command('holdfast')
    .description('disaster recovery as durable workflows: backup, point-in-time restore, verification')
    .version(version())
    .option('--json', 'print one JSON document on stdout and nothing else there')
    .option('--config <file>', 'configuration (default: $HOLDFAST_CONFIG, else ./holdfast.yaml)')
    .option('--yes', 'agree to steps that cannot be taken back')
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => undefined, writeErr: (text) => void process.stderr.write(text) })
    .exitOverride();
  declareCommands(program);
  for (const command of everyCommand(program)) command.exitOverride().copyInheritedSettings(program);
  return program;
}

function everyCommand(command: Command): Command[] {
  return command.commands.flatMap((one) => [one, ...everyCommand(one)]);
}

/** Of the package: beside the compiled tree, or of the tree itself. */
function version(): string {
  for (let folder = __dirname; folder !== path.dirname(folder); folder = path.dirname(folder)) {
    try {
      const { name, version: found } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8'));
      if (name === 'holdfast') return String(found);
    } catch {
      // Not in this folder.
    }
  }
  return 'unknown';
}
