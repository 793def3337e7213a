/** The commands that prove what backups are worth. */
import { type Command, Option } from 'commander';
import { acting } from '../program-action';

const site = () => new Option('--site <site>', 'site, or "all"');
const detach = () => new Option('--detach', 'return at once and leave the procedure running');
const restorePath = () => new Option('--restore-path <dir>', 'where to restore to; without it verification.scratch');

export function declareVerification(program: Command): void {
  program
    .command('verify')
    .description('prove from the stores that a backup can be restored')
    .argument('[id|latest]', 'which backup')
    .addOption(site())
    .option('--all', 'every completed backup')
    .addOption(new Option('--quick', 'every object by its checksum (default)').conflicts(['full', 'testRestore']))
    .addOption(new Option('--full', 'every byte of contents, and how it fits together').conflicts('testRestore'))
    .option('--test-restore', 'restore into a scratch directory, start, judge, remove')
    .option('--store <store>', 'the copy in this store alone; all: each copy on its own')
    .option('--dry-run', 'say what it would read, and read nothing')
    .addOption(restorePath())
    .addOption(detach())
    .action(acting(async (options, id) => (await import('./verify.js')).verify(options, id)));
}
