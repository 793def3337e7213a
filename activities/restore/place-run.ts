/** Places one run of packs. What the journal says is placed is not fetched again; a pack is fetched while another is placed. */
import path from 'node:path';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { PlacingJournal } from '../../components/tree/journal';
import type { SliceParts } from '../../domain/chain-placing';
import type { StoredPack } from '../../domain/pack';
import { nothingDone, type RunOutcome } from '../../domain/runs';
import type { RepositoryCopy } from '../../repository/copy';
import { getDataKey } from '../../repository/data-key';
import { fetchPack } from '../../repository/packs/store-pack';
import type { SiteContext } from '../context';
import type { PlaceRunWork } from '../contracts';
import { inLanes } from '../in-lanes';
import { placingOf } from './chain';
import { manifestOf, runOf } from './job';
import { enterPlacing } from './work-dir';

export async function placeRun(context: SiteContext, work: PlaceRunWork): Promise<RunOutcome> {
  const { backupId, component, run, store, workDir, link } = work;
  const { copy, manifest } = await manifestOf(context, { backupId, store });
  const index = await runOf(copy, manifest, component, run);
  const dataKey = await getDataKey(copy, backupId);
  const signal = cancellationSignal();
  const attempt = enterPlacing(workDir);
  const journal = PlacingJournal.open(path.join(workDir, link === undefined ? 'journal' : `journal-${link}`));
  const parts = link === undefined ? undefined : placingOf(workDir, link, run);
  const outcome: RunOutcome = { ...nothingDone, warnings: [] };
  try {
    const packs = index.packs.filter(({ pack }) => parts === undefined || parts[pack] !== undefined);
    await inLanes(farApart(packs), context.packSlots, async (pack) => {
      // Placed already, by this attempt or an earlier one.
      if (journal.has(pack.pack, pack.contentMac)) outcome.reused++;
      else {
        await placePack(context, work, { copy, pack, dataKey, signal, parts: parts?.[pack.pack] });
        journal.record(pack.pack, pack.contentMac);
      }
      outcome.packs++;
      outcome.bytes += pack.bytes;
      outcome.storedBytes += pack.storedBytes;
      heartbeat({ packs: outcome.packs, bytes: outcome.bytes });
    });
  } finally {
    journal.close();
    attempt.leave();
  }
  return outcome;
}

/** Neighbours are mostly of the same file, where two writers at once would wait for each other: first and second half by turns. */
function farApart(packs: StoredPack[]): StoredPack[] {
  const half = Math.ceil(packs.length / 2);
  return packs.slice(0, half).flatMap((pack, at) => [pack, ...packs.slice(half + at, half + at + 1)]);
}

interface Placing {
  copy: RepositoryCopy;
  pack: StoredPack;
  dataKey: Buffer;
  signal: AbortSignal;
  /** Of an older backup of the chain: slice → what of it is placed. */
  parts?: SliceParts;
}

/** What is wrong with an object shows when it is opened. */
async function placePack(
  { threads }: SiteContext,
  { backupId, component, roots, delta }: PlaceRunWork,
  { copy, pack, dataKey, signal, parts }: Placing,
): Promise<void> {
  const right = delta ? await threads.compareSlicesInThread({ dirs: roots, slices: pack.slices }, signal) : [];
  const wanted = (at: number) => !right[at] && (parts === undefined || parts[at] !== undefined);
  const only = delta || parts ? pack.slices.flatMap((_, at) => (wanted(at) ? [at] : [])) : undefined;
  if (only?.length === 0) return;
  const object = await fetchPack(copy, pack, { allocate: (bytes) => threads.buffers.take(bytes), signal });
  await threads.placePackInThread(
    { backupId, component, pack: pack.pack, dataKey, expected: pack, object, dirs: roots, only, parts },
    signal,
  );
  threads.buffers.give(object.buffer);
}
