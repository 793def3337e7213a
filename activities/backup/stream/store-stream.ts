/**
 * Stores a base backup that comes over the connection: the whole component in one activity, since a stream that was cut cannot be
 * resumed. It is never tried again as it is: whoever begins anew does so under the next generation, so that no two streams mix.
 */
import { cancellationSignal } from '@temporalio/activity';
import { connectionOf } from '../../../components/config-file/open-repository';
import { captureStreamed } from '../../../components/postgres/base-backup/facts';
import { streamFailure } from '../../../components/postgres/base-backup/failures';
import { withClient } from '../../../components/postgres/connection';
import { serverFacts } from '../../../components/postgres/server';
import { sessionName } from '../../../components/postgres/session';
import { ReplicationConnection } from '../../../components/postgres/wal/replication';
import type { PostgresFacts } from '../../../domain/backup';
import { postgresOf } from '../../../domain/config/names';
import { packsPerRun } from '../../../domain/plan-runs';
import { nothingDone, type RunOutcome } from '../../../domain/runs';
import type { TreeEntry } from '../../../domain/tree';
import { getDataKey } from '../../../repository/data-key';
import { putRunIndex } from '../../../repository/run-index';
import type { SiteContext } from '../../context';
import type { JobPart } from '../../contracts';
import { Slots } from '../../in-lanes';
import { patiently } from '../../patiently';
import { Bases } from '../bases';
import { closedSnapshot, putFirstClosed } from '../snapshot';
import { backupStore } from '../stores';
import { earlierPacks, firstPack } from './earlier-packs';
import { Intake } from './intake';
import { Runs } from './runs';
import { packStorer } from './store-pack';
import { beginStream, changeOf, uponChain } from './upon';

/** @throws HoldfastError `backup_session_lost` and whatever is worth a new generation; the rest as it is */
export async function storeStream(context: SiteContext, part: JobPart): Promise<RunOutcome> {
  const { backupId, component, generation } = part;
  const signal = cancellationSignal();
  // An earlier generation came to its end, and only the word of it was lost.
  if (await closedSnapshot(context, part.store, backupId, component)) return nothingDone;
  const copy = await backupStore(context, backupId);
  const ref = { backupId, component, generation };
  const dataKey = await getDataKey(copy, backupId);
  const own = new Slots(context.threads.threads + 1);
  const same = await earlierPacks({ copy, ref, dataKey, onTheWay: own.count, signal });

  const config = await connectionOf(postgresOf(context.config, context.site, component));
  const server = await withClient(config, serverFacts);
  const upon = await uponChain(copy, part, server);
  const chain = part.chain?.map((link) => link.backupId) ?? [];
  const bases = new Bases(copy, chain, component, signal);
  const connection = await connected(() => ReplicationConnection.open(config, sessionName(backupId, generation)));
  const hangUp = () => void connection.close();
  signal.addEventListener('abort', hangUp);
  try {
    signal.throwIfAborted();
    const stream = await beginStream(connection, `holdfast ${backupId}`, server, upon);
    const { beginning } = stream;
    const runs = new Runs(packsPerRun(beginning.expectedBytes), async (index) => {
      await patiently(signal, () => putRunIndex(copy, ref, { ...index, generation }));
    });
    const storer = packStorer({
      context,
      copy,
      ref,
      dataKey,
      same,
      bases,
      signal,
      expectedBytes: beginning.expectedBytes,
    });
    const intake = new Intake({
      ...{ first: firstPack(generation), slots: [own, context.packSlots], runs },
      buffers: context.threads.received,
      store: (pack) => storer.store(pack),
    });
    let owner: PostgresFacts['owner'] | undefined;
    try {
      for await (const streamed of stream.entries()) {
        owner ??= ownerOf(streamed.entry);
        await intake.take(streamed.entry, streamed.body, changeOf(streamed, upon));
      }
      await intake.end();
    } finally {
      await intake.abandon();
    }
    const capture = { server, beginning, end: stream.end(), owner: owner ?? { user: 'postgres', uid: 0, gid: 0 } };
    const { facts, warnings } = await withClient(config, (client) => captureStreamed(client, capture));
    const told = [...warnings, ...capture.end.warnings.map((one) => `the server: ${one}`)];
    await patiently(signal, () =>
      putFirstClosed(copy, part, { generation, runs: runs.count, warnings: told, postgres: facts }),
    );
    return { ...runs.outcome, reused: storer.reused, warnings: told };
  } finally {
    signal.removeEventListener('abort', hangUp);
    await connection.close();
  }
}

async function connected<T>(open: () => Promise<T>): Promise<T> {
  try {
    return await open();
  } catch (error) {
    throw streamFailure(error);
  }
}

function ownerOf({ user, uid, gid }: TreeEntry): PostgresFacts['owner'] {
  return { user: user ?? String(uid), uid, gid };
}
