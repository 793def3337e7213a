/**
 * Stores one run of packs. On a retry nothing is read from the source that the store already has; after a lost session a pack of
 * an earlier generation is used again unread when its files provably did not change, or read and compared (docs/data-safety.md, A1).
 */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { RootDirs } from '../../components/tree/read';
import { unchangedSince } from '../../components/tree/unchanged';
import type { PlannedPack, RunIndex, StoredPack } from '../../domain/pack';
import { addOutcomes, nothingDone, type RunOutcome } from '../../domain/runs';
import { showPath } from '../../domain/tree';
import type { RepositoryCopy } from '../../repository/copy';
import { getDataKey } from '../../repository/data-key';
import { getHead } from '../../repository/heads';
import { type GenerationRef, packKey } from '../../repository/names';
import { findStoredPack, storePack } from '../../repository/packs/store-pack';
import { getRunPlan } from '../../repository/plans';
import { findRunIndex, putRunIndex } from '../../repository/run-index';
import type { SiteContext } from '../context';
import type { StoreRunWork } from '../contracts';
import { inLanes } from '../in-lanes';
import { Bases } from './bases';
import { assertSnapshotHeld, snapshotRecord } from './snapshot';
import { sourceDirsOf } from './source';
import { backupStore } from './stores';

interface Storing {
  context: SiteContext;
  copy: RepositoryCopy;
  ref: GenerationRef;
  dirs: RootDirs;
  dataKey: Buffer;
  /** Of the server, where it is one. */
  timeline: number | undefined;
  bases: Bases;
  signal: AbortSignal;
}

export async function storeRun(context: SiteContext, work: StoreRunWork): Promise<RunOutcome> {
  const { backupId, component, generation, run } = work;
  const ref: GenerationRef = { backupId, component, generation };
  const copy = await backupStore(context, backupId);
  const there = await findRunIndex(copy, ref, run);
  if (there) return outcomeOf(there, there.packs.length);
  const record = await snapshotRecord(context, copy.store.name, ref);
  await assertSnapshotHeld(context, ref, record.postgres ? 'postgres' : 'files');
  const plan = await getRunPlan(copy, ref, run);
  const signal = cancellationSignal();
  const { chain = [] } = await getHead(copy, backupId);
  const storing: Storing = {
    ...{ context, copy, ref, dirs: sourceDirsOf(context, component, record) },
    ...{ dataKey: await getDataKey(copy, backupId), timeline: record.postgres?.start.timeline },
    bases: new Bases(copy, chain, component, signal),
    signal,
  };
  let reused = 0;
  const done = { packs: 0, bytes: 0 };
  const packs = await inLanes(plan.packs, context.packSlots, async (planned): Promise<StoredPack> => {
    const { stored, fresh } = await finish(storing, planned, await begin(storing, planned));
    if (!fresh) reused++;
    done.packs += 1;
    done.bytes += stored.bytes;
    heartbeat({ ...done });
    return stored;
  });
  const index: RunIndex = { run, generation, entries: plan.entries, packs };
  await putRunIndex(copy, { backupId, component }, index);
  return outcomeOf(index, reused);
}

type Built = Awaited<ReturnType<SiteContext['threads']['buildPackInThread']>>;
type Ready = { stored: StoredPack } | { built: Built; object: string; earlier?: StoredPack };

async function begin(storing: Storing, planned: PlannedPack): Promise<Ready> {
  const { context, copy, ref, dataKey, dirs, bases, signal } = storing;
  const { pack, slices } = planned;
  const object = packKey(copy.keys.names, ref, pack);
  const access = { backupId: ref.backupId, component: ref.component, pack, dataKey };
  const there = await findStoredPack(copy, object, access, signal);
  if (there) return { stored: there };
  const earlier = await earlierPack(storing, pack);
  if (earlier && unchangedSince(earlier.stored.slices, slices, dirs, earlier.readAfter))
    return { stored: earlier.stored };
  const known = await Promise.all(slices.map((slice) => bases.of(slice)));
  const built = await context.threads.buildPackInThread(
    {
      bases: known,
      ...{ backupId: ref.backupId, component: ref.component, pack, slices, dataKey, dirs },
      ...{ contentKey: copy.keys.content, level: context.config.compression.level },
    },
    signal,
  );
  return { built, object, earlier: earlier?.stored };
}

async function finish(
  storing: Storing,
  { pack }: PlannedPack,
  ready: Ready,
): Promise<{ stored: StoredPack; fresh: boolean }> {
  if ('stored' in ready) return { stored: ready.stored, fresh: false };
  const { copy, ref, dataKey, signal } = storing;
  const { built, object, earlier } = ready;
  try {
    // Read again and found the same: what is stored already serves, under the slices as they were read now.
    if (earlier?.contentMac === built.built.contentMac) {
      return {
        stored: {
          ...earlier,
          slices: built.built.slices.map((slice, at) => ({ ...slice, at: earlier.slices[at]?.at ?? slice.at })),
        },
        fresh: false,
      };
    }
    const access = { backupId: ref.backupId, component: ref.component, dataKey };
    const stored = await storePack(copy, object, { ...built.built, pack }, access, signal);
    return { stored, fresh: true };
  } finally {
    built.release();
  }
}

/** What an earlier generation stored under the same number, newest first. */
async function earlierPack(
  storing: Storing,
  pack: number,
): Promise<{ stored: StoredPack; readAfter: Date } | undefined> {
  const { context, copy, ref, dataKey, signal } = storing;
  const access = { backupId: ref.backupId, component: ref.component, pack, dataKey };
  for (let generation = ref.generation - 1; generation > 0; generation--) {
    const earlier = { ...ref, generation };
    const stored = await findStoredPack(copy, packKey(copy.keys.names, earlier, pack), access, signal);
    if (!stored) continue;
    const { openedAt, postgres } = await snapshotRecord(context, copy.store.name, earlier);
    // On another timeline the files may be others': their times prove nothing, only their contents.
    const sameHistory = postgres?.start.timeline === storing.timeline;
    return { stored, readAfter: sameHistory ? new Date(openedAt) : new Date(0) };
  }
  return undefined;
}

/** What the owner of the data should know: files that were caught in a change, pages that are broken on the server. */
export function warningsOf(index: RunIndex): string[] {
  const warnings: string[] = [];
  for (const { slices } of index.packs) {
    for (const { path, outcome, badBlocks } of slices) {
      if (badBlocks)
        warnings.push(`${showPath(path)}: blocks ${badBlocks.join(', ')} have a wrong checksum on the server`);
      if (outcome === 'changed') warnings.push(`${showPath(path)} changed while it was read`);
    }
  }
  return warnings;
}

function outcomeOf(index: RunIndex, reused: number): RunOutcome {
  const warnings = warningsOf(index);
  const bytes = index.packs.reduce((sum, one) => sum + one.bytes, 0);
  const storedBytes = index.packs.reduce((sum, one) => sum + one.storedBytes, 0);
  return addOutcomes(nothingDone, { packs: index.packs.length, bytes, storedBytes, reused, warnings });
}
