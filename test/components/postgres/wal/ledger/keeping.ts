/** A receiver with its ledger, looking several times a second, over real stores and a real server. */
import { type Checked, keepLedger, type LedgerOptions } from '../../../../../components/postgres/wal/ledger/keep';
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

export function keep(cluster: Cluster, stores: Store[], options: Partial<LedgerOptions> = {}, whose = owner): Keeping {
  const archives: WalArchive[] = [];
  const writer = { line: 'test', turn: ++turns };
  const receiver = startReceiver(cluster, stores, {
    renewLostSlot: true,
    stores: stores.map((store, at) => ({
      name: `${store.name} ${at}`, // folders of tests all have one name
      begin: async (marker) => {
        const archive = await WalArchive.begin(testObjects(store), store, marker, whose, writer);
        archives.push(archive);
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
    archives: () => archives,
    settled: () => {
      const { timeline, flushedLsn: lsn } = receiver.progress() ?? {};
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
