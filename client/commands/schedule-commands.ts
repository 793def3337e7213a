/** The commands about schedules. */
import { type Command, Option } from 'commander';
import { acting } from '../program-action';

export function declareSchedules(program: Command): void {
  const schedules = program
    .command('schedules')
    .description('what runs by itself: tiers and maintenance')
    .helpCommand(false);
  const command = (name: string, description: string) =>
    schedules.command(name).description(description).addOption(new Option('--site <site>', 'site, or "all"'));
  command('diff', 'show what apply would change').action(
    acting(async (options) => (await import('./schedules.js')).diff(options)),
  );
  command('apply', 'make the engine run every tier, and the maintenance, by its schedule').action(
    acting(async (options) => (await import('./schedules.js')).apply(options)),
  );
  command('list', 'schedules: when each runs next, how its last run ended, who paused it').action(
    acting(async (options) => (await import('./schedules.js')).list(options)),
  );
  command('pause', 'keep a tier from running by its schedule, for a reason')
    .option('--tier <tier>', 'tier, or piece of maintenance')
    .option('--all', 'everything')
    .option('--reason <text>', 'why; kept with who and when')
    .action(acting(async (options) => (await import('./schedules.js')).pause(options)));
  command('resume', 'let what was paused run again')
    .option('--tier <tier>', 'tier, or piece of maintenance')
    .option('--all', 'everything')
    .action(acting(async (options) => (await import('./schedules.js')).resume(options)));
}
