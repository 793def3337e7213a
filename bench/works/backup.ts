/**
 * A full backup of a running, idle database. Ours is the whole procedure as it reports itself: checks, backup session, every byte
 * stored, its WAL stored, everything verified once more from the store, published, receipt. The command line's wall time stands beside.
 */
import { type Contender, contest } from '../contest';
import type { StoreKind } from '../lane';
import type { Row } from '../row';
import type { Session } from '../session';

/** At the peers' level, or at our own default. */
export async function backup(session: Session, work: string, store: StoreKind, level?: number): Promise<Row> {
  const lane = session.lane(store);
  const { rounds, say } = session.options;
  const byDefault = level === undefined;
  const everybody = await lane.peers();
  const peers = everybody.filter(({ name }) => !byDefault || name === 'pgbackrest');
  const pipelines = byDefault ? [] : await lane.pipelines();
  const holdfast = await session.holdfast(store, level);
  let bytes = 0;
  const ours: Contender = {
    name: 'holdfast',
    run: async () => {
      const { result, wall, cpu, steps } = await holdfast.perform('backup');
      bytes = result.bytes ?? 0;
      const data = steps['store packs of database'] ?? Number.NaN;
      const stored = (result.storedBytes ?? 0) / 1e6;
      const verifying = steps['verify from the store'] ?? Number.NaN;
      const more = {
        'data phase s': data,
        'verifying s': verifying,
        'cli wall s': wall,
        'cpu s': cpu,
        'stored MB': stored,
      };
      return { seconds: result.seconds, more: { ...more, 'worker peak MiB': holdfast.peakMemory } };
    },
  };
  const asContender = (peer: (typeof peers)[number]): Contender => ({
    name: peer.name,
    run: async () => {
      const measured = await peer.backup();
      lane.hasBackup(peer);
      return measured;
    },
  });
  const [plain, encrypted] = pipelines.map(asContender);
  return contest({
    ...{ work, ours, rounds, say, bytes: () => bytes },
    peers: [...peers.map(asContender), ...(encrypted ? [encrypted] : [])],
    limit: plain,
    missing: lane.missing,
  });
}
