/**
 * Retention beside other work, for real: an engine with a database and an S3 store whose requests can be held up, and on another host a second engine that works on the
 * same stores and knows nothing of the first: for a further site, and for the same one.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { loadConfig } from '../../components/config-file/load';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import type { BackupHead } from '../../domain/backup';
import type { ProcedureResult } from '../../domain/progress';
import type { Decision } from '../../domain/retention/types';
import { getHead, listHeads } from '../../repository/heads';
import type { Repository } from '../../repository/repository';
import { endOf, TestSystem, type Up } from '../support/system';
import { Gates } from './gates';
import { smallWal } from './protected';

export type Told = Decision & { why: string };

const coolOffMs = 1000;
const entry = path.join(__dirname, 'gated-main.js');

export class Meeting {
  readonly gates: Gates;
  private up?: Up;
  private elsewhere?: Up;

  private constructor(
    readonly system: TestSystem,
    private readonly repository: Repository,
  ) {
    this.gates = new Gates(path.join(system.dir, 'gates'));
  }

  static async create(): Promise<Meeting> {
    const shared: Record<string, unknown> = {};
    const system = await TestSystem.create({
      ...smallWal,
      store: 's3',
      configure: (config) => {
        const { hot } = config['stores'] as Record<string, object>;
        const { dc01 } = config['sites'] as { dc01: { components: Record<string, object> } };
        Object.assign(dc01.components['database'] as object, { wal: { to: ['hot'] } });
        config['stores'] = { hot, far: { ...hot, prefix: 'far', role: 'dr' } };
        config['tiers'] = { short: { to: ['hot'], keep: { last: 1 } } };
        config['retention'] = { coolOff: `${coolOffMs}ms`, wal: '1s' };
        // Whoever stands before a gate keeps his place: there are enough for all.
        config['parallelJobs'] = 32;
        config['verification'] = { scratch: 'scratch' };
        Object.assign(shared, config);
      },
    });
    // The stores are looked at from this process too.
    Object.assign(process.env, system.env());
    const repository = await openConfiguredRepository((await loadConfig(system.config)).config, { create: true });
    const meeting = new Meeting(system, repository);
    meeting.writeOther(shared);
    try {
      // One after the other: each looks for free ports.
      await meeting.start();
      await meeting.startElsewhere();
      return meeting;
    } catch (error) {
      await meeting.destroy();
      throw error;
    }
  }

  /** Of the first engine. */
  async start(): Promise<void> {
    this.up = await this.system.up({ entry, env: { HOLDFAST_TEST_GATES: this.gates.folder } });
  }

  async kill9(): Promise<void> {
    await this.up?.kill9();
  }

  private async startElsewhere(): Promise<void> {
    this.elsewhere = await this.system.up({ env: this.otherEnv });
  }

  /** A procedure that must complete. */
  async done(...args: string[]): Promise<ProcedureResult> {
    return completed(args, await this.system.procedure(...args));
  }

  /** The same by the second engine. */
  async doneElsewhere(...args: string[]): Promise<ProcedureResult> {
    return completed(args, await this.procedureElsewhere(...args));
  }

  async procedureElsewhere(...args: string[]): Promise<ProcedureResult> {
    const { stdout, stderr } = await endOf(this.system.spawn([...args, '--json', '--yes'], { env: this.otherEnv }));
    try {
      return JSON.parse(stdout) as ProcedureResult;
    } catch {
      throw new Error(`holdfast ${args.join(' ')} elsewhere: ${stdout}\n${stderr}`);
    }
  }

  async backup(...args: string[]): Promise<string> {
    return (await this.done('backup', '--tier', 'short', ...args)).backupId ?? '';
  }

  /** Of the files of a site, by the second engine. */
  async backupElsewhere(site = 'dc01'): Promise<string> {
    const args = ['backup', '--site', site, '--tier', 'short', '--component', 'config'];
    return (await this.doneElsewhere(...args)).backupId ?? '';
  }

  /** What is to expire and, when it has cooled off, to go: both in one. */
  async applyTwice(apply = () => this.done('retention', 'apply')): Promise<[ProcedureResult, ProcedureResult]> {
    const first = await apply();
    await this.cooled();
    return [first, await apply()];
  }

  async cooled(): Promise<void> {
    await sleep(coolOffMs + 200);
  }

  /** Of one store. */
  async report(store = 'hot'): Promise<Record<string, Told>> {
    const { stdout } = await this.system.cli('retention', 'report', '--json');
    const plans = JSON.parse(stdout) as { store: string; backups: Told[] }[];
    const plan = plans.find((one) => one.store === store);
    return Object.fromEntries((plan?.backups ?? []).map((one) => [one.backupId, one]));
  }

  async keys(prefix = '', store = 'hot'): Promise<string[]> {
    const found: string[] = [];
    for await (const { key } of this.repository.copy(store).store.list(prefix)) found.push(key);
    return found;
  }

  /** Of all backups, or those named. */
  async objectsOf(...ids: string[]): Promise<string[]> {
    const keys = await this.keys('backups/');
    return keys.filter((key) => ids.length === 0 || ids.includes(key.split('/')[1] ?? ''));
  }

  /** Names of whole segments, oldest first. */
  async segments(): Promise<string[]> {
    const keys = await this.keys('wal/');
    return keys.filter((key) => key.includes('/segments/')).map((key) => key.split('/').at(-1)?.slice(0, 24) ?? '');
  }

  async heads(store = 'hot'): Promise<BackupHead[]> {
    return (await listHeads(this.repository.copy(store))).heads;
  }

  async head(id: string): Promise<BackupHead> {
    return await getHead(this.repository.copy('hot'), id);
  }

  async destroy(): Promise<void> {
    this.gates.openAll();
    await this.elsewhere?.stop();
    await this.up?.stop();
    await this.repository.close();
    await this.system.destroy();
  }

  private get otherEnv(): NodeJS.ProcessEnv {
    const at = (name: string) => path.join(this.system.dir, name);
    return { XDG_STATE_HOME: at('other-host'), HOLDFAST_CONFIG: at('other.yaml') };
  }

  private writeOther(config: Record<string, unknown>): void {
    const { dir, filesDir } = this.system;
    const files = path.join(dir, 'etc-dc02');
    for (const folder of [files, path.join(dir, 'other-host')]) mkdirSync(folder);
    writeFileSync(path.join(files, 'app.conf'), 'site = dc02\n');
    const site = (folder: string) => ({ components: { config: { kind: 'files', paths: [folder] } } });
    const sites = { dc01: site(filesDir), dc02: site(files) };
    writeFileSync(path.join(dir, 'other.yaml'), stringify({ ...config, sites }));
  }
}

function completed(args: string[], result: ProcedureResult): ProcedureResult {
  if (result.status === 'completed') return result;
  throw new Error(`${args.join(' ')}: ${JSON.stringify(result)}`);
}
