/**
 * Makes one run of packs of a full backup out of the packs of a chain. Every old pack is opened on a thread, which lays the bytes that still
 * count where the new pack wants them; then the new pack is built from that memory. On a retry what the store has is not made again.
 */
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import type { SealedManifest } from '../../domain/backup';
import type { ChainState } from '../../domain/chain-state';
import type { PlannedPack, RunIndex, StoredPack } from '../../domain/pack';
import { packBytes } from '../../domain/pack';
import { type LaidPart, partsOfPack } from '../../domain/put-together';
import { addOutcomes, nothingDone, type RunOutcome } from '../../domain/runs';
import type { RepositoryCopy } from '../../repository/copy';
import { getDataKey } from '../../repository/data-key';
import { packKey } from '../../repository/names';
import { fetchPack, findStoredPack, storePack } from '../../repository/packs/store-pack';
import { getRunPlan } from '../../repository/plans';
import { findRunIndex, getRunIndex, putRunIndex } from '../../repository/run-index';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { chainManifests } from '../backup/parent';
import { lockingAtOnce } from '../backup/stores';
import type { SiteContext } from '../context';
import type { ConsolidateRunWork } from '../contracts';
import { inLanes } from '../in-lanes';
import { stateOf } from './plan';

const generation = 1;

interface Work {
  context: SiteContext;
  copy: RepositoryCopy;
  work: ConsolidateRunWork;
  /** The chain, the full backup first. */
  manifests: SealedManifest[];
  state: ChainState;
  dataKey: Buffer;
  signal: AbortSignal;
}

export async function consolidateRun(context: SiteContext, work: ConsolidateRunWork): Promise<RunOutcome> {
  const { backupId, component, run, of, store } = work;
  const copy = await lockingAtOnce(context, (await context.repository()).copy(store), backupId);
  const ref = { backupId, component, generation };
  const there = await findRunIndex(copy, ref, run);
  if (there) return outcomeOf(there.packs);
  const manifest = await getSealedManifest(copy, { id: of });
  const manifests = [...(await chainManifests(copy, manifest.chain)), manifest];
  const state = await stateOf(copy, manifest, component);
  const dataKey = await getDataKey(copy, backupId);
  const all: Work = { context, copy, work, manifests, state, dataKey, signal: cancellationSignal() };
  const plan = await getRunPlan(copy, ref, run);
  const packs = await inLanes(plan.packs, context.packSlots, async (planned) => {
    const stored = await putTogether(all, planned);
    heartbeat({ pack: planned.pack });
    return stored;
  });
  const index: RunIndex = { run, generation, entries: plan.entries, packs };
  await putRunIndex(copy, { backupId, component }, index);
  return outcomeOf(packs);
}

async function putTogether(all: Work, { pack, slices }: PlannedPack): Promise<StoredPack> {
  const { context, copy, work, state, dataKey, signal } = all;
  const { backupId, component } = work;
  const object = packKey(copy.keys.names, { backupId, component, generation }, pack);
  const there = await findStoredPack(copy, object, { backupId, component, pack, dataKey }, signal);
  if (there) return there;
  const memory = new SharedArrayBuffer(packBytes);
  for (const parts of partsOfPack(slices, state)) await layParts(all, parts, memory);
  const { built, release } = await context.threads.buildLaidPackInThread(
    {
      ...{ backupId, component, pack, slices, dataKey, memory },
      ...{ contentKey: copy.keys.content, level: context.config.compression.level },
    },
    signal,
  );
  try {
    return await storePack(copy, object, { ...built, pack }, { backupId, component, dataKey }, signal);
  } finally {
    release();
  }
}

/** All that one old pack gives to the new one. */
async function layParts(
  { context, copy, work, manifests, signal }: Work,
  { link, run, pack, parts }: LaidPart,
  memory: SharedArrayBuffer,
): Promise<void> {
  const { component } = work;
  const { backupId, components } = manifests[link] as SealedManifest;
  const index = await getRunIndex(
    copy,
    components[component]?.indexes[run] as { key: string; sha256: string; bytes: number },
  );
  const expected = index.packs.find((one) => one.pack === pack) as StoredPack;
  const { buffers } = context.threads;
  const object = await fetchPack(copy, expected, { allocate: (bytes) => buffers.take(bytes), signal });
  const dataKey = await getDataKey(copy, backupId);
  await context.threads.layPartsInThread(
    { backupId, component, pack, dataKey, expected, object, parts, memory },
    signal,
  );
  buffers.give(object.buffer);
}

function outcomeOf(packs: StoredPack[]): RunOutcome {
  return packs
    .map(({ bytes, storedBytes }) => ({ ...nothingDone, packs: 1, bytes, storedBytes }))
    .reduce(addOutcomes, nothingDone);
}
