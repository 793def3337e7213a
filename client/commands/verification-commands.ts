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
    .option('--sample', 'what the policy (verification) takes this time')
    .addOption(new Option('--quick', 'every object by its checksum (default)').conflicts(['full', 'testRestore']))
    .addOption(new Option('--full', 'every byte of contents, and how it fits together').conflicts('testRestore'))
    .option('--test-restore', 'restore into a scratch directory, start, judge, remove')
    .option('--store <store>', 'the copy in this store alone; all: each copy on its own')
    .option('--repair', 'put damage right from another copy, and look again')
    .option('--dry-run', 'say what it would read, and read nothing')
    .addOption(restorePath())
    .addOption(detach())
    .action(acting(async (options, id) => (await import('./verify.js')).verify(options, id)));
  const tests = program.command('recovery-test').description('recoveries played through').helpCommand(false);
  tests
    .command('run')
    .description('play scenarios of a recovery in a scratch directory, and keep what they showed')
    .argument('[scenario]', 'its name')
    .option('--all', 'every scenario')
    .addOption(new Option('--suite <suite>', 'which scenarios').choices(['recovery', 'framework']).default('recovery'))
    .addOption(site())
    .option('--backup <id|latest>', 'which backup', 'latest')
    .addOption(restorePath())
    .addOption(detach())
    .action(acting(async (options, scenario) => (await import('./recovery-test.js')).run(options, scenario)));
  tests
    .command('report')
    .description('what recovery tests found')
    .argument('[run]', 'one run of them, by its id or its beginning')
    .addOption(site())
    .option('--output <file>', 'write it as one HTML page, for example backup_test_20260131.html')
    .action(acting(async (options, run) => (await import('./recovery-test.js')).report(options, run)));
}
