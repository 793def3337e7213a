/**
 * WAL into a store while the server writes it as fast as one session can: from the first byte written to the moment when the store
 * has the last. Ours is the receiver of a running `holdfast up`, in its default setting; pgBackRest pushes asynchronously. The limit
 * is the server alone: nobody ships faster than WAL is written. Beside them what pgbench writes on this machine.
 */
import { type Contender, contest, type Measured } from '../contest';
import { Holdfast } from '../holdfast';
import { createStanza } from '../peers/pgbackrest';
import type { Row } from '../row';
import { rounded } from '../row';
import type { Session } from '../session';
import { findProgram } from '../timed';
import { WalSource } from '../wal-source';

const pgbenchSeconds = 10;

export async function walPush(session: Session): Promise<Row> {
  const { bed, options } = session;
  const source = await WalSource.start(bed);
  const wanted = (options.mib / 2) * 2 ** 20;
  const alone = await pgbenchRate(source);
  const dir = bed.folder('wal-push');
  const holdfast = await Holdfast.create({ dir, cluster: source.cluster });
  await holdfast.perform('backup');
  await holdfast.down();
  bed.atEnd(() => holdfast.down());
  let bytes = 0;
  const run = async (until: (end: string) => Promise<void>): Promise<Measured> => {
    await source.empty();
    const started = performance.now();
    const written = await source.write(wanted);
    await until(written.end);
    bytes = written.bytes;
    const seconds = (performance.now() - started) / 1000;
    return { seconds, more: { 'writing s': written.seconds, 'behind at the end s': seconds - written.seconds } };
  };
  const ours: Contender = {
    name: 'holdfast',
    run: async () => {
      await holdfast.up();
      await source.streaming();
      const measured = await run((end) => source.stored(end));
      const more = { ...measured.more, 'worker peak MiB': holdfast.peakMemory };
      await holdfast.down();
      return { ...measured, more };
    },
  };
  const program = findProgram('pgbackrest');
  const peers: Contender[] = [];
  if (program !== undefined) {
    const more = ['archive-async=y', 'archive-push-queue-max=100GB'];
    const command = await createStanza(bed, program, {
      ...{ cluster: source.cluster, dir: bed.folder('pgbackrest-push'), more },
    });
    peers.push({
      name: 'pgbackrest asynchronous',
      run: async () => {
        await source.archiveWith(`${command} archive-push %p`);
        const measured = await run(() => source.archived());
        await source.archiveWith('/bin/true');
        return measured;
      },
    });
  }
  const row = await contest({
    ...{ work: 'wal-push', ours, peers, rounds: options.rounds, bytes: () => bytes, say: options.say },
    limit: { name: 'the server alone', run: () => run(async () => undefined) },
    missing: program === undefined ? ['pgbackrest'] : [],
  });
  return { ...row, details: { ...row.details, pgbench: alone } };
}

/** Eight clients, nobody shipping. */
async function pgbenchRate(source: WalSource): Promise<Record<string, number>> {
  const begin = await source.position();
  await source.cluster.pgbench(['-c', '8', '-j', '2', '-T', String(pgbenchSeconds), '-n']);
  const bytes = await source.distance(begin, await source.position());
  return { 'WAL MB/s of 8 clients': rounded(bytes / 1e6 / pgbenchSeconds) };
}
