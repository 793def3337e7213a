/** A receiver with its ledger, looking several times a second, over real stores and a real server. */
import { type Checked, keepLedger, type LedgerOptions } from '../../../../../components/postgres/wal/ledger/keep';
import type { ReceiverOptions } from '../../../../../components/postgres/wal/receiver';
import type { WalFinding } from '../../../../../domain/wal-ledger';
import type { Store } from '../../../../../repository/store';
import { WalArchive } from '../../../../../repository/wal/archive';
import type { ListedPiece } from '../../../../../repository/wal/listing';
import { testObjects } from '../../../../repository/wal/test-objects';
import type { Cluster } from '../../../../support/postgres-cluster';
import { openArchive, type Running, startReceiver, until } from '../shipping';

export const owner = { system: 'shop', site: 'dc01', component: 'database' };
export const connectionOf = (cluster: Cluster) => ({
  host: cluster.socketDir,
  port: cluster.port,
  user: 'postgres',
  database: 'postgres',
});

export interface Keeping extends Running {
  /** The findings of the last check, of all stores. */
  findings(): WalFinding[];
  checked(): Checked | undefined;
  /** Waits for a check that begins from now on to end. */
  nextCheck(): Promise<Checked>;
}

let turns = 0;

export function keep(
  cluster: Cluster,
  stores: Store[],
  options: Partial<LedgerOptions> = {},
  whose = owner,
  receiving: Partial<ReceiverOptions> = {},
): Keeping {
  const writer = { line: 'test', turn: ++turns };
  const begun = new Map<string, WalArchive>();
  const receiver = startReceiver(cluster, stores, {
    ...receiving,
    renewLostSlot: true,
    stores: stores.map((store, index) => ({
      name: `${index}`,
      begin: async (marker) => {
        const archive = await WalArchive.begin(testObjects(store), store, marker, whose, writer);
        begun.set(`${index}`, archive);
        return archive;
      },
    })),
  });
  const controller = new AbortController();
  let latest: Checked | undefined;
  let count = 0;
  const ledger = keepLedger({
    connection: connectionOf(cluster),
    slot: 'holdfast_test',
    archives: () => [...begun.values()],
    settled: (name) => {
      const { timeline, stores: told = [] } = receiver.progress() ?? {};
      const lsn = told.reduce<bigint | undefined>(
        (least, one) => (one.store === name && (least === undefined || one.stored < least) ? one.stored : least),
        undefined,
      );
      return timeline === undefined || lsn === undefined ? undefined : { timeline, lsn };
    },
    everyMs: 200,
    log: (message) => receiver.log.push(message),
    ...options,
    signal: controller.signal,
    onChecked: async (checked) => {
      latest = checked;
      count++;
      await options.onChecked?.(checked);
    },
  });
  return {
    ...receiver,
    checked: () => latest,
    findings: () => latest?.ledgers.flatMap((one) => one.ledger.findings) ?? [],
    nextCheck: async () => {
      const wanted = count + 2;
      await until('another check', () => count >= wanted);
      return latest as Checked;
    },
    stop: async () => {
      controller.abort();
      await ledger;
      return await receiver.stop();
    },
  };
}

/** Whole segments in a store, oldest first; waits until so many have taken the place of their parts. */
export async function wholes(store: Store, cluster: Cluster, count: number): Promise<ListedPiece[]> {
  const archive = await openArchive(store, cluster);
  const look = async () => (await archive.pieces(1)).filter(({ whole }) => whole);
  await until('whole segments', async () => (await look()).length >= count);
  return await look();
}
