/** Every command that exists. Each loads its work only when it is called: a question about backups starts no engine's code. */
import { type Command, InvalidArgumentError, Option } from 'commander';
import { acting } from '../program-action';
import { declareCatalog } from './catalog-commands';
import { declareKeeping } from './declare-keeping';
import { declareStorage } from './declare-storage';
import { declareKey } from './key-commands';
import { declareNotify } from './notify-commands';
import { declareReplication } from './replication-commands';
import { declareRetention } from './retention/declare';
import { declareSchedules } from './schedule-commands';
import { declareVerification } from './verification-commands';

export function declareCommands(program: Command): void {
  declareEngine(program);
  declareConfig(program);
  declareProcedures(program);
  declareReplication(program);
  declareVerification(program);
  declareSchedules(program);
  declareRetention(program);
  declareQuestions(program);
  declareCatalog(program);
  declareStorage(program);
  declareWal(program);
  declareKey(program);
  declareKeeping(program);
  declareNotify(program);
}

const site = () => new Option('--site <site>', 'site, or "all"');
const metrics = () => new Option('--metrics <host:port>', 'where Prometheus may ask for metrics');
const detach = () => new Option('--detach', 'return at once and leave the procedure running');

function declareEngine(program: Command): void {
  program
    .command('up')
    .description('run the embedded engine and its worker, and ship the WAL of every database, until told to stop')
    .addOption(metrics())
    .action(acting(async (options) => (await import('./up.js')).up(options)));
  program
    .command('worker')
    .description('run a worker of a configured engine; with --site the agent of that site')
    .option('--site <site>', 'serve this site only')
    .addOption(metrics())
    .action(acting(async (options) => (await import('./worker.js')).worker(options)));
}

function declareConfig(program: Command): void {
  const config = program.command('config').description('the configuration').helpCommand(false);
  config
    .command('check')
    .description('read the configuration and show what it means')
    .action(acting(async (options) => (await import('./config.js')).check(options)));
  config
    .command('schema')
    .description('print the JSON Schema of the configuration')
    .action(acting(async () => (await import('./config.js')).schema()));
  config
    .command('init')
    .description('write a configuration to begin with')
    .action(acting(async (options) => (await import('./config.js')).init(options)));
  program
    .command('doctor')
    .description('check everything a first run needs, and say how to mend it')
    .addOption(site())
    .action(acting(async (options) => (await import('./doctor.js')).doctor(options)));
}

function declareProcedures(program: Command): void {
  program
    .command('backup')
    .description('back up a site')
    .addOption(site())
    .option('--tier <tier>', 'what this tier names, into its stores')
    .addOption(
      new Option('--type <type>', 'without it the tier’s, or full').choices(['full', 'differential', 'incremental']),
    )
    .option('--component <name...>', 'these components only')
    .option('--dry-run', 'check, and store nothing')
    .option('--no-upload', 'write only stores of kind dir')
    .addOption(detach())
    .action(acting(async (options) => (await import('./backup.js')).backup(options)));
  program
    .command('restore')
    .description('restore a backup, in place or to another directory, to any point that the stores hold')
    .argument('<id|latest>', 'which backup')
    .addOption(site())
    .option('--at <target>', 'time with its zone, LSN, restore point, transaction id, or end-of-backup')
    .option('--exclusive', 'stop just before the target')
    .option('--timeline <timeline>', 'number, or latest')
    .option('--to <dir>', 'into this directory instead of in place')
    .option('--component <name...>', 'these components only')
    .option('--delta', 'in place, keeping what is right already')
    .option('--dry-run', 'check, and change nothing')
    .option('--skip-verification', 'do not read every object before services are stopped')
    .option('--place-only', 'stop before replay')
    .option('--start', 'leave the restored database running; in place also one that was not')
    .option('--owner <user>', 'owner of the restored data')
    .option('--tablespace-map <old=new...>', 'other directories for tablespaces', tablespace)
    .addOption(detach())
    .action(acting(async (options, id) => (await import('./restore.js')).restore(options, id)));
  program
    .command('consolidate')
    .description('make a full backup out of a chain of incremental ones, from the store alone')
    .argument('[id|latest]', 'the backup that the chain ends with', 'latest')
    .addOption(site())
    .addOption(detach())
    .action(acting(async (options, id) => (await import('./consolidate.js')).consolidate(options, id)));
  program
    .command('watch')
    .description('follow a running procedure')
    .argument('[procedure]', 'workflow id, or its beginning')
    .action(acting(async (options, id) => (await import('./watch.js')).watch(options, id)));
  program
    .command('abort')
    .description('end a running procedure and put back what it changed')
    .argument('<procedure>', 'workflow id, or its beginning')
    .addOption(detach())
    .action(acting(async (options, id) => (await import('./abort.js')).abort(options, id)));
}

function declareQuestions(program: Command): void {
  program
    .command('status')
    .description('the engine, shippers, last backups and objectives')
    .addOption(site())
    .action(acting(async (options) => (await import('./status.js')).status(options)));
  program
    .command('points')
    .description('recoverable intervals, their gaps, and how far the stores are behind')
    .addOption(site())
    .option('--acknowledge <gap>', 'take note of a gap that is known: TIMELINE/FROM-TO, as shown')
    .action(acting(async (options) => (await import('./points.js')).points(options)));
}

function declareWal(program: Command): void {
  const wal = program.command('wal').description('the write-ahead log').helpCommand(false);
  wal
    .command('push')
    .description("store a file that PostgreSQL archives: archive_command = 'holdfast wal push %p'")
    .argument('<file>', 'as the server names it')
    .addOption(site())
    .option('--component <name>', 'whose WAL it is; else the one with that data directory')
    .action(acting(async (options, file) => (await import('./wal-push.js')).push(options, file)));
}

function tablespace(text: string, before: Record<string, string> = {}): Record<string, string> {
  const at = text.indexOf('=');
  if (at <= 0 || at === text.length - 1) throw new InvalidArgumentError('expected OLD=NEW.');
  return { ...before, [text.slice(0, at)]: text.slice(at + 1) };
}
