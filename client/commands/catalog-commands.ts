/** Questions about the catalog, and how it is made again. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { acting } from '../program-action';

const statuses = ['creating', 'completed', 'failed', 'expired'];

export function declareCatalog(program: Command): void {
  program
    .command('list')
    .description('backups, their chains and copies; with an id one of them in full')
    .argument('[id]', 'one backup, or the beginning of its id')
    .addOption(new Option('--site <site>', 'site, or "all"'))
    .option('--tier <tier>', 'of this tier')
    .addOption(new Option('--type <type>', 'of this type').choices(['full', 'differential', 'incremental']))
    .addOption(new Option('--status <status>', 'with this status (with --store: of the copy there)').choices(statuses))
    .option('--component <name>', 'that hold this component')
    .option('--since <time>', 'begun then or later: a time with its zone, or how long ago (7d)')
    .option('--until <time>', 'begun then or earlier')
    .option('--store <store>', 'with a copy in this store')
    .option('--id <prefix>', 'whose ids begin so')
    .option('--jsonl', 'one JSON line a backup')
    .option('--history', 'what became of them, also of those that are gone')
    .addOption(
      new Option('--limit <n>', 'so many of the newest entries of the history (default: 100)').argParser(count),
    )
    .action(acting(async (options, id) => (await import('./list.js')).list(options, id)));
  const catalog = program.command('catalog').description('the catalog').helpCommand(false);
  catalog
    .command('rebuild')
    .description('make the catalog again from the backups in the stores')
    .option('--full', 'read also what the store tells to be as it was')
    .action(acting(async (options) => (await import('./catalog.js')).rebuild(options)));
}

function count(text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value > 0) return value;
  throw new InvalidArgumentError('expected a whole number above 0.');
}
