/**
 * One fault of the store at each request of a procedure: error, timeout, slow, truncated, lost acknowledgement, duplicate. It completes and what
 * it made is right, or it fails with an error of the store's and nothing is left; the next clean run then makes what an undisturbed one makes.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import { resultOf } from '../../client/procedures/result';
import { type Order, startProcedure } from '../../client/procedures/start';
import { loadConfig } from '../../components/config-file/load';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import type { ProcedureResult } from '../../domain/progress';
import type { RepositoryCopy } from '../../repository/copy';
import { listHeads } from '../../repository/heads';
import { backupFolder, headKey } from '../../repository/names';
import { FaultyS3, type StoreFault } from '../support/faulty-s3';
import { TestSystem } from '../support/system';
import { type Books, readBooks } from './books';
import { backupOrder, replicateOrder, retentionOrder, verifyOrder } from './orders';

export const swept = ['backup', 'differential', 'verify', 'replicate', 'retention'] as const;
export type Swept = (typeof swept)[number];

export interface Disturbed {
  procedure: Swept;
  fault: StoreFault;
  /** `PUT /bucket/backups/…/sealed`, with ids and names taken out. */
  at: string;
  outcome: 'completed' | 'failed';
  /** What is wrong with it; absent: nothing. */
  wrong?: string;
}

/** Longer than what the configuration says, by a second: the store tells whole ones. */
const coolOffMs = 2100;

/** What is not a procedure's own: the shipper asks the store all the time. */
const isCounted = (name: string) => !name.includes('/wal/');

export class StoreSweep {
  private basis = '';
  /** Objects of an undisturbed backup, by what they are. */
  private readonly reference = new Map<Swept, string>();
  private client?: Client;

  private constructor(
    readonly system: TestSystem,
    private readonly faulty: FaultyS3,
  ) {}

  /** @param database also a database, besides the files */
  static async create({ database = false } = {}): Promise<StoreSweep> {
    let faulty: FaultyS3 | undefined;
    const system = await TestSystem.create({
      store: 's3',
      between: async ({ endpoint }) => {
        faulty = await FaultyS3.before(endpoint, isCounted);
        return faulty.endpoint;
      },
      configure: (config) => {
        const { dc01 } = config['sites'] as { dc01: { components: Record<string, object> } };
        if (!database) delete dc01.components['database'];
        const { hot } = config['stores'] as Record<string, object>;
        config['stores'] = { hot, far: { ...hot, prefix: 'far', role: 'dr' } };
        config['tiers'] = { short: { to: ['hot'], keep: { last: 1 } } };
        config['retention'] = { coolOff: '1s' };
      },
    });
    const sweep = new StoreSweep(system, faulty as FaultyS3);
    // The repository is looked at from this process too.
    Object.assign(process.env, system.env());
    try {
      await sweep.begin();
      return sweep;
    } catch (error) {
      await sweep.destroy();
      throw error;
    }
  }

  private async begin(): Promise<void> {
    const { system } = this;
    await system.up();
    const { port } = JSON.parse(readFileSync(path.join(system.stateDir, 'server.json'), 'utf8')) as { port: number };
    this.client = new Client({ connection: await Connection.connect({ address: `127.0.0.1:${port}` }) });
    this.basis = (await this.undisturbed('backup')).backupId ?? '';
  }

  /** How many requests each procedure makes: the positions that a fault can come at. */
  async positions(): Promise<Record<Swept, number>> {
    const counted = { backup: 0, differential: 0, verify: 0, replicate: 0, retention: 0 };
    for (const procedure of swept) {
      await this.prepare(procedure);
      await this.undisturbed(procedure);
      await this.prepare(procedure);
      this.faulty.arm();
      await this.run(this.orderOf(procedure));
      counted[procedure] = this.faulty.passed.length;
    }
    return counted;
  }

  /** @param nth the request it comes at, from 1 */
  async disturb(procedure: Swept, fault: StoreFault, nth: number): Promise<Disturbed> {
    await this.prepare(procedure);
    this.faulty.arm(fault, nth);
    const result = await this.run(this.orderOf(procedure));
    const at = plain(this.faulty.happened ?? 'never');
    this.faulty.arm();
    const { status } = result;
    const seen = { procedure, fault, at, outcome: status === 'completed' ? status : ('failed' as const) };
    try {
      if (status === 'completed') await this.assertRight(procedure, result);
      else await this.assertLoud(procedure, result);
      if (status !== 'completed') await this.assertRight(procedure, await this.undisturbed(procedure));
      return seen;
    } catch (error) {
      return { ...seen, wrong: error instanceof Error ? error.message : String(error) };
    }
  }

  /** Retention with something to expire and something to remove, while the store's clock is wrong. @returns what it said, and the statuses before and after */
  async retainAhead(ms: number): Promise<{ result: ProcedureResult; before: string; after: string }> {
    await this.prepare('retention');
    const before = await this.statuses();
    this.faulty.aheadMs = ms;
    const result = await this.run(retentionOrder());
    this.faulty.aheadMs = 0;
    return { result, before, after: await this.statuses() };
  }

  /** Every backup that completed is verified in full, by its own command. */
  async verifyAll(): Promise<ProcedureResult[]> {
    const { stdout } = await this.system.cli('verify', '--all', '--full', '--json');
    return JSON.parse(stdout) as ProcedureResult[];
  }

  async books(): Promise<Books> {
    return await readBooks(this.system.config);
  }

  async destroy(): Promise<void> {
    await this.client?.connection.close();
    await this.system.destroy();
    await this.faulty.close();
  }

  private orderOf(procedure: Swept): Order {
    switch (procedure) {
      case 'verify':
        return verifyOrder(this.basis);
      case 'replicate':
        return replicateOrder(this.basis, ['far']);
      case 'retention':
        return retentionOrder();
      case 'backup':
      case 'differential':
        return backupOrder(procedure === 'backup' ? 'full' : procedure);
    }
  }

  /** So that there is something to do: no copy yet, or a backup that is to expire, and one that is to go. */
  private async prepare(procedure: Swept): Promise<void> {
    this.faulty.arm();
    if (procedure === 'retention') {
      for (const order of [backupOrder('full', 'short'), retentionOrder(), backupOrder('full', 'short')]) {
        const { status, error } = await this.run(order);
        if (status !== 'completed') throw new Error(`${order.type}, before retention, ${status}: ${error?.message}`);
      }
      await sleep(coolOffMs);
    }
    if (procedure !== 'replicate') return;
    await this.withCopy('far', async ({ store }) => {
      const keys = [headKey(this.basis)];
      for await (const { key } of store.list(backupFolder(this.basis))) keys.push(key);
      await store.delete(keys);
    });
  }

  private async undisturbed(procedure: Swept): Promise<ProcedureResult> {
    const result = await this.run(this.orderOf(procedure));
    if (result.status !== 'completed')
      throw new Error(`undisturbed, and it ${result.status}: ${result.error?.message}`);
    if (!this.reference.has(procedure)) this.reference.set(procedure, await this.shapeAfter(procedure, result));
    return result;
  }

  private async run(order: Order): Promise<ProcedureResult> {
    const { handle } = await startProcedure(this.client as Client, order);
    return await resultOf(handle);
  }

  private async assertRight(procedure: Swept, result: ProcedureResult): Promise<void> {
    const [shape, wanted] = [await this.shapeAfter(procedure, result), this.reference.get(procedure)];
    if (shape !== wanted) throw new Error(`the store holds ${shape} instead of ${wanted}`);
    if (result.receipt === null) throw new Error('it left no receipt');
  }

  /** What the procedure is to leave; of retention what is left when it has run again, since what expires is removed by a later run. */
  private async shapeAfter(procedure: Swept, { backupId = '' }: ProcedureResult): Promise<string> {
    if (procedure === 'replicate') return await this.shapeOf(this.basis, 'far');
    if (procedure !== 'retention') return await this.shapeOf(backupId);
    for (let again = 0; again < 2; again++) {
      await sleep(coolOffMs);
      const { status, error } = await this.run(retentionOrder());
      if (status !== 'completed') throw new Error(`the next retention ${status}: ${error?.message}`);
    }
    return await this.statuses();
  }

  private async statuses(): Promise<string> {
    return await this.withCopy('hot', async (copy) => {
      const { heads } = await listHeads(copy);
      return heads
        .filter(({ tier }) => tier === 'short')
        .map(({ status }) => status)
        .join(' ');
    });
  }

  /** It says that it was the store, and leaves nothing but what says so. */
  private async assertLoud(procedure: Swept, { status, error, backupId }: ProcedureResult): Promise<void> {
    const code = error?.code ?? '';
    if (status !== 'failed' || !(code.startsWith('store_') || code === 'copies_missing'))
      throw new Error(`${status}: ${JSON.stringify(error)}`);
    if (!['backup', 'differential'].includes(procedure) || backupId === undefined) return;
    const shape = await this.shapeOf(backupId);
    if (shape.replace('receipt.json', '') !== '') throw new Error(`the failed backup left ${shape}`);
  }

  /** Objects of a backup, and whether it has a head, without names that are never the same twice. */
  private async shapeOf(backupId: string, where = 'hot'): Promise<string> {
    return await this.withCopy(where, async ({ store }) => {
      const found: string[] = [];
      for await (const { key } of store.list(backupFolder(backupId))) found.push(key.split('/')[2] ?? '');
      const head = await store.head(headKey(backupId));
      if (found.includes('sealed') && head === undefined) found.push('no head');
      return found.sort().join(' ');
    });
  }

  private async withCopy<T>(store: string, look: (copy: RepositoryCopy) => Promise<T>): Promise<T> {
    const { config } = await loadConfig(this.system.config);
    const repository = await openConfiguredRepository(config);
    try {
      return await look(repository.copy(store));
    } finally {
      await repository.close();
    }
  }
}

/** Positions are told by what they ask for, and not by ids that are never the same. */
function plain(request: string): string {
  return decodeURIComponent(request.replaceAll(/sys_[a-z]+_\d{8}_\d{6}/g, 'ID'))
    .replaceAll(/[0-9a-f]{32}/g, 'HASH')
    .replaceAll(/[&?](?:x-id|encoding-type|list-type|fetch-owner|metadata-directive)=[^&]*/g, '');
}
