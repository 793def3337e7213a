/**
 * A full restore into an empty folder. What every contender does: fetch, decrypt, decompress and write every file of the backup.
 * Ours is the whole procedure with `--place-only`: besides that it fetches the WAL, checks every stored object before anything is
 * touched, and ends with everything synced to disk. Like pgBackRest's `restore` it starts and replays nothing.
 */
import { chownSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { type Contender, contest } from '../contest';
import type { StoreKind } from '../lane';
import { level, type Peer } from '../peers/peer';
import type { Row } from '../row';
import type { Session } from '../session';

export async function restore(session: Session, work: string, store: StoreKind): Promise<Row> {
  const lane = session.lane(store);
  const { rounds, say } = session.options;
  const peers = await lane.peers();
  const pipelines = await lane.pipelines();
  for (const peer of [...peers, ...pipelines]) await lane.ensureBackup(peer);
  const holdfast = await session.holdfast(store, level);
  const backup = await holdfast.perform('backup');
  const targets = session.bed.folder('targets');
  const target = path.join(targets, 'database');
  const clean = async () => rmSync(target, { recursive: true, force: true });
  const ours: Contender = {
    name: 'holdfast',
    clean,
    run: async () => {
      const args = ['restore', 'latest', '--at', 'end-of-backup', '--to', targets, '--place-only'];
      const { result, wall, cpu, steps } = await holdfast.perform(...args);
      const placing = steps['place packs of database'] ?? Number.NaN;
      const finishing = steps['finish the files of database'] ?? Number.NaN;
      const verifying = steps['verify objects'] ?? Number.NaN;
      const more = { 'placing s': placing, 'finishing and syncing s': finishing, 'verifying s': verifying };
      return {
        seconds: result.seconds,
        more: { ...more, 'cli wall s': wall, 'cpu s': cpu, 'worker peak MiB': holdfast.peakMemory },
      };
    },
  };
  const asContender = (peer: Peer): Contender => ({
    name: peer.name,
    clean,
    run: async () => {
      mkdirSync(target, { mode: 0o700 });
      const { uid, gid } = session.bed.user as { uid?: number; gid?: number };
      if (uid !== undefined && gid !== undefined) chownSync(target, uid, gid);
      return peer.restore(target);
    },
  });
  const [plain, encrypted] = pipelines.map(asContender);
  return contest({
    ...{ work, ours, rounds, say, bytes: () => backup.result.bytes ?? 0 },
    peers: [...peers.map(asContender), ...(encrypted ? [encrypted] : [])],
    limit: plain,
    missing: lane.missing,
  });
}
