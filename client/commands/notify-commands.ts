import type { Command } from 'commander';
import { acting } from '../program-action';

export function declareNotify(program: Command): void {
  const notify = program.command('notify').description('people and programs that are told').helpCommand(false);
  notify
    .command('test')
    .description('send a test notice to a target, or to all')
    .argument('[target]', 'its name below notifications.targets')
    .action(acting(async (options, target) => (await import('./notify.js')).test(options, target)));
}
