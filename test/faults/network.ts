/**
 * A protected system whose ways to the store and to the server can be cut under load, each by a proxy of its own; and what was seen
 * when it was.
 */
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { formatInstant } from '../../domain/instant';
import type { ShipperDetails } from '../../domain/shipping';
import { type LedgerRow, Load, ledgerIds, ledgerOf, serverTime } from '../real/load';
import { freePort } from '../support/postgres-host';
import { openRestored } from '../support/proof';
import { TestSystem, type Up } from '../support/system';
import { TcpProxy } from '../support/tcp-proxy';
import { points } from './protected';

export interface Cut {
  what: 'store' | 'server';
  /** `killed`: the store itself, for as long. */
  how: 'refused' | 'swallowed' | 'killed';
  seconds: number;
}

export interface SeenCut {
  /** A moment in its middle, on the server's clock. */
  middle: string;
  /** Commits that came back while it lasted. */
  commits: number;
  /** The most that the server kept for us, and the least time that it had room for. */
  retainedBytes: number;
  hoursLeft?: number;
  /** From its end until all WAL of that moment was stored. */
  caughtUpAfterMs: number;
  /** Switches of commits while it lasted and until all was well, in order. */
  switches: string[];
}

interface Status {
  shippers: (ShipperDetails & { switches?: { at: string; commits: string }[] })[];
}

export class Network {
  private up?: Up;
  private load?: Load;

  private constructor(
    readonly system: TestSystem,
    private readonly toStore: TcpProxy,
    private readonly toServer: TcpProxy,
    private readonly mode: string,
  ) {}

  /** Backed up, shipped, and under load. */
  static async create(wal: { mode: 'async' | 'sync' | 'hybrid' }): Promise<Network> {
    const port = await freePort();
    const toServer = await TcpProxy.to(port);
    let toStore: TcpProxy | undefined;
    const system = await TestSystem.create({
      store: 's3',
      cluster: { port, conf: { listen_addresses: '127.0.0.1' } },
      between: async (s3) => {
        toStore = await TcpProxy.to(Number(new URL(s3.endpoint).port));
        return `http://127.0.0.1:${toStore.port}`;
      },
      configure: (config) => {
        const { database } = (config['sites'] as { dc01: { components: { database: object } } }).dc01.components;
        const connection = `host=127.0.0.1 port=${toServer.port} user=postgres dbname=postgres`;
        Object.assign(database, { wal, connection });
      },
    });
    const network = new Network(system, toStore as TcpProxy, toServer, wal.mode);
    try {
      await network.begin();
      return network;
    } catch (error) {
      await network.destroy();
      throw error;
    }
  }

  private async begin(): Promise<void> {
    await this.system.cluster.psql('create table ledger (id bigserial primary key, pad text)');
    this.up = await this.system.up();
    const backup = await this.system.procedure('backup', '--component', 'database');
    if (backup.error) throw new Error(`no backup: ${JSON.stringify(backup.error)}`);
    await this.asTheModeSays();
    this.load = await Load.start(this.system.cluster, { clients: 2 });
  }

  /** Commits wait, where the mode wants that when all is well: after one relapse and another it must have been well for minutes. */
  private async asTheModeSays(): Promise<void> {
    if (this.mode === 'async') return;
    await this.system.until(async () => (await this.shipper()).commits?.state === 'synchronous' || undefined, 360_000);
  }

  async shipper(): Promise<Status['shippers'][number]> {
    const { stdout } = await this.system.cli('status', '--json');
    return (JSON.parse(stdout) as Status).shippers[0] as Status['shippers'][number];
  }

  /** @param during once, in its middle */
  async cut({ what, how, seconds }: Cut, during?: (network: Network) => Promise<void>): Promise<SeenCut> {
    const { cluster, s3 } = this.system;
    const proxy = what === 'store' ? this.toStore : this.toServer;
    const began = await serverTime(cluster);
    if (how === 'refused') await proxy.refuse();
    else if (how === 'swallowed') proxy.swallow();
    else await s3?.kill();
    const [end, first] = [performance.now() + seconds * 1000, await this.commits()];
    const rooms: NonNullable<ShipperDetails['slot']>[] = [];
    await sleep(seconds * 500);
    const middle = await serverTime(cluster);
    await during?.(this);
    do {
      const { slot } = await this.shipper();
      if (slot) rooms.push(slot);
      await sleep(Math.min(1000, Math.max(0, end - performance.now())));
    } while (performance.now() < end);
    const commits = (await this.commits()) - first;
    if (how === 'killed') await s3?.restart();
    else await proxy.heal();
    const healed = performance.now();
    await this.system.covered(await serverTime(cluster), 120_000);
    const caughtUpAfterMs = performance.now() - healed;
    await this.asTheModeSays();
    const switches = (await this.shipper()).switches ?? [];
    const hours = rooms.flatMap(({ hoursLeft }) => hoursLeft ?? []);
    return {
      ...{ middle, commits, caughtUpAfterMs },
      retainedBytes: Math.max(0, ...rooms.map(({ retainedBytes }) => retainedBytes)),
      hoursLeft: hours.length > 0 ? Math.min(...hours) : undefined,
      switches: switches.filter(({ at }) => at > began).map(({ commits: state }) => state),
    };
  }

  private async commits(): Promise<number> {
    return Number(await this.system.cluster.psql('select count(*) from ledger'));
  }

  /** Ends the load; everything that was committed, in order, and stored by now. */
  async settle(): Promise<LedgerRow[]> {
    await this.load?.stop();
    this.load = undefined;
    const { cluster } = this.system;
    await this.system.covered(await serverTime(cluster), 60_000);
    return ledgerOf(cluster);
  }

  async intervalsAndGaps(): Promise<[number, number]> {
    const { intervals, gaps } = await points(this.system);
    return [intervals.length, gaps.length];
  }

  /** Restores to this time: which rows are there, and which must be. */
  async restoredAt(at: bigint, ledger: LedgerRow[]): Promise<{ found: string[]; wanted: string[] }> {
    const to = path.join(this.system.dir, `out-${at}`);
    const args = ['--at', formatInstant(at), '--to', to, '--component', 'database'];
    const restore = await this.system.procedure('restore', 'latest', ...args);
    if (restore.error) throw new Error(`no restore: ${JSON.stringify(restore.error)}`);
    const opened = await openRestored(this.system.cluster, path.join(to, 'database'));
    const client = await opened.client();
    try {
      const ids = ledger.filter((row) => row.at <= at).map(({ id }) => Number(id));
      return { found: await ledgerIds(client), wanted: ids.toSorted((a, b) => a - b).map(String) };
    } finally {
      await client.end();
      await opened.close();
    }
  }

  async destroy(): Promise<void> {
    const load = this.load?.stop().catch(() => undefined);
    await this.up?.stop();
    await this.system.destroy();
    await load;
    await Promise.all([this.toStore.close(), this.toServer.close()]);
  }
}
