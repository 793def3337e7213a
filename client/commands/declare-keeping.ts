/** What people keep by hand, and what is left of what nobody keeps: `pin`, `unpin`, `retention cleanup`. */
import { type Command, Option } from 'commander';
import { acting } from '../program-action';

export function declareKeeping(program: Command): void {
  const hold = () => new Option('--hold', 'a legal hold: beside a pin, and taken back only with --yes');
  program
    .command('pin')
    .description('keep a backup, and all that it builds upon, whatever retention says')
    .argument('<id>', 'which backup')
    .option('--reason <text>', 'why, for whoever asks later')
    .addOption(hold())
    .action(acting(async (options, id) => (await import('./pin.js')).pin(options, id)));
  program
    .command('unpin')
    .description('leave a backup to retention again')
    .argument('<id>', 'which backup')
    .addOption(hold())
    .action(acting(async (options, id) => (await import('./pin.js')).unpin(options, id)));
  const retention =
    program.commands.find((one) => one.name() === 'retention') ??
    program.command('retention').description('what is kept, and why').helpCommand(false);
  retention
    .command('cleanup')
    .description('remove what nobody needs: leftovers of what died, WAL before every backup, ended leases')
    .option('--site <site>', 'by the agent of this site, or "all"')
    .option('--grace <duration>', 'what is younger is left (default: 1d)')
    .option('--dry-run', 'say what would go, and touch nothing')
    .addOption(new Option('--detach', 'return at once and leave the procedure running'))
    .action(acting(async (options) => (await import('./cleanup.js')).cleanup(options)));
}
