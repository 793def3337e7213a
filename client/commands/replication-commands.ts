import type { Command } from 'commander';
import { acting } from '../program-action';

export function declareReplication(program: Command): void {
  program
    .command('replicate')
    .description('copy backups to further stores, with all that they build upon and the WAL they need')
    .argument('[id|latest]', 'which backup')
    .option('--site <site>', 'site, or "all"')
    .option('--all', 'everything that the tiers want copied and is not')
    .option('--regions <names>', 'into these stores: by name, role or region, separated by commas')
    .option('--async', 'return at once and leave the copying running')
    .option('--dry-run', 'say what would be sent and what it costs, and send nothing')
    .action(acting(async (options, id) => (await import('./replicate.js')).replicate(options, id)));
}
