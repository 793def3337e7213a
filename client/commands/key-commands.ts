import { type Command, Option } from 'commander';
import { acting } from '../program-action';

export function declareKey(program: Command): void {
  const key = program.command('key').description('master keys that open the backups').helpCommand(false);
  key
    .command('list')
    .description('which keys open which stores')
    .action(acting(async (options) => (await import('./key.js')).list(options)));
  key
    .command('add')
    .description('let a further key open every backup, old and new; nothing is encrypted again')
    .argument('[file]', 'key file')
    .addOption(new Option('--kms <key>', 'key of AWS KMS instead: id, ARN or alias'))
    .action(acting(async (options, file) => (await import('./key.js')).add(options, file)));
  key
    .command('retire')
    .description('let a key open nothing any more')
    .argument('<fingerprint>', 'as key list shows it')
    .action(acting(async (options, fingerprint) => (await import('./key.js')).retire(options, fingerprint)));
}
