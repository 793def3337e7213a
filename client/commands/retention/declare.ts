/** `retention …`: what is kept, why, and letting go of the rest. */
import { type Command, Option } from 'commander';
import { acting } from '../../program-action';

export function declareRetention(program: Command): void {
  const retention = program.command('retention').description('what is kept, and why').helpCommand(false);
  const site = () => new Option('--site <site>', 'site, or "all"');
  const age = () =>
    new Option(
      '--retention <age>',
      'instead of the ages that tiers say, for this run: 30d; never below the safeguards',
    );
  retention
    .command('report')
    .description('every backup: what keeps it, until when, and who needs it')
    .addOption(site())
    .addOption(age())
    .action(acting(async (options) => (await import('./report.js')).report(options)));
  retention
    .command('apply')
    .description('let what nothing keeps expire, and remove what expired and cooled off')
    .addOption(site())
    .addOption(age())
    .option('--dry-run', 'say what would happen, and touch nothing')
    .option('--detach', 'return at once and leave the procedure running')
    .action(acting(async (options) => (await import('./apply.js')).apply(options)));
  retention
    .command('policies')
    .description('by which rules each tier lets its backups go, store by store')
    .argument('[tier]', 'of this tier alone')
    .action(acting(async (options, tier) => (await import('./policies.js')).policies(options, tier)));
}
