/**
 * Looking at one full backup in a directory: `quick` reads every stored object and compares its SHA-256; `full` also decrypts, decompresses and
 * compares every slice, and reads the indexes once more. Beside it `pgbackrest verify` (checksums of every file, decrypted and decompressed) and
 * `restic check --read-data` (the same of every blob). Rates are of source bytes. Run it alone: pgBackRest verifies all that its repository holds.
 */
import { type Contender, contest } from '../contest';
import { level } from '../peers/peer';
import type { Row } from '../row';
import type { Session } from '../session';

export async function verify(session: Session, how: 'quick' | 'full'): Promise<Row> {
  const lane = session.lane('dir');
  const { rounds, say } = session.options;
  const peers = (await lane.peers()).filter((peer) => peer.verify !== undefined);
  for (const peer of peers) await lane.ensureBackup(peer);
  const holdfast = await session.holdfast('dir', level);
  const backup = await holdfast.perform('backup');
  const ours: Contender = {
    name: 'holdfast',
    run: async () => {
      const { result, wall, cpu, steps } = await holdfast.perform('verify', 'latest', `--${how}`);
      const packs = steps['verify packs of database'] ?? Number.NaN;
      const more = { 'packs s': packs, 'cli wall s': wall, 'cpu s': cpu };
      return { seconds: result.seconds, more: { ...more, 'worker peak MiB': holdfast.peakMemory } };
    },
  };
  const verifying = peers.flatMap(({ name, verify: run }): Contender[] => (run ? [{ name, run }] : []));
  return contest({
    ...{ work: `verify-${how}`, ours, rounds, say, bytes: () => backup.result.bytes ?? 0 },
    peers: verifying,
    missing: lane.missing,
  });
}
