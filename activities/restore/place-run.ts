/** Places one run of packs. What the journal says is placed is not fetched again; the next pack is fetched while one is placed. */
import path from 'node:path';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { PlacingJournal } from '../../components/tree/journal';
import type { StoredPack } from '../../domain/pack';
import { nothingDone, type RunOutcome } from '../../domain/runs';
import type { RepositoryCopy } from '../../repository/copy';
import { getDataKey } from '../../repository/data-key';
import { fetchPack } from '../../repository/packs/store-pack';
import type { SiteContext } from '../context';
import type { PlaceRunWork } from '../contracts';
import { manifestOf, runOf } from './job';
import { enterPlacing } from './work-dir';

export async function placeRun(context: SiteContext, work: PlaceRunWork): Promise<RunOutcome> {
  const { backupId, component, run, store, workDir } = work;
  const { copy, manifest } = await manifestOf(context, { backupId, store });
  const index = await runOf(copy, manifest, component, run);
  const dataKey = await getDataKey(copy, backupId);
  const signal = cancellationSignal();
  const attempt = enterPlacing(workDir);
  const journal = PlacingJournal.open(path.join(workDir, 'journal'));
  const outcome: RunOutcome = { ...nothingDone, warnings: [] };
  try {
    let ahead = fetchAhead(context, copy, index.packs, 0, journal, signal);
    for (const [at, pack] of index.packs.entries()) {
      const object = await ahead;
      ahead = fetchAhead(context, copy, index.packs, at + 1, journal, signal);
      ahead?.catch(() => undefined);
      if (object) {
        await placePack(context, work, { pack, object, dataKey, signal });
        context.threads.buffers.give(object.buffer);
        journal.record(pack.pack, pack.contentMac);
      } else outcome.reused++;
      outcome.packs++;
      outcome.bytes += pack.bytes;
      outcome.storedBytes += pack.storedBytes;
      heartbeat({ packs: outcome.packs, bytes: outcome.bytes });
    }
  } finally {
    journal.close();
    attempt.leave();
  }
  return outcome;
}

/** Undefined: placed already, by this attempt or an earlier one. What is wrong with an object shows when it is opened. */
async function fetchAhead(
  { threads }: SiteContext,
  copy: RepositoryCopy,
  packs: StoredPack[],
  at: number,
  journal: PlacingJournal,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const pack = packs[at];
  if (!pack || journal.has(pack.pack, pack.contentMac)) return undefined;
  return fetchPack(copy, pack, { allocate: (bytes) => threads.buffers.take(bytes), signal });
}

interface Placing {
  pack: StoredPack;
  object: Buffer;
  dataKey: Buffer;
  signal: AbortSignal;
}

async function placePack(
  context: SiteContext,
  { backupId, component, roots, delta }: PlaceRunWork,
  { pack, object, dataKey, signal }: Placing,
): Promise<void> {
  const right = delta ? await context.threads.compareSlicesInThread({ dirs: roots, slices: pack.slices }, signal) : [];
  const only = delta ? pack.slices.flatMap((_, at) => (right[at] ? [] : [at])) : undefined;
  if (only?.length === 0) return;
  await context.threads.placePackInThread(
    { backupId, component, pack: pack.pack, dataKey, expected: pack, object, dirs: roots, only },
    signal,
  );
}
