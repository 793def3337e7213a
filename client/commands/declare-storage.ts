import { type Command, Option } from 'commander';
import { acting } from '../program-action';

/** Commands about where backups lie. */
export function declareStorage(program: Command): void {
  program
    .command('move')
    .description('move backups that are old enough into the classes and stores that their tiers name')
    .addOption(new Option('--site <site>', 'site, or "all"'))
    .option('--dry-run', 'say what would move, and move nothing')
    .addOption(new Option('--detach', 'return at once and leave the procedure running'))
    .action(acting(async (options) => (await import('./move.js')).move(options)));
}
