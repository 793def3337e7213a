/** Places one run of packs. What the journal says is placed is not fetched again; a pack is fetched while another is placed. */
import path from 'node:path';
import { cancellationSignal, heartbeat, log } from '@temporalio/activity';
import { PlacingJournal } from '../../components/tree/journal';
import type { SliceParts } from '../../domain/chain-placing';
import { isHoldfastError } from '../../domain/errors';
import type { StoredPack } from '../../domain/pack';
import { nothingDone, type RunOutcome } from '../../domain/runs';
import type { RepositoryCopy } from '../../repository/copy';
import { getDataKey } from '../../repository/data-key';
import { fromAnyCopy } from '../../repository/elsewhere';
import { fetchPack } from '../../repository/packs/store-pack';
import type { SiteContext } from '../context';
import type { PlaceRunWork } from '../contracts';
import { inLanes } from '../in-lanes';
import { placingOf } from './chain';
import { manifestOf, runOf } from './job';
import { enterPlacing } from './work-dir';

export async function placeRun(context: SiteContext, work: PlaceRunWork): Promise<RunOutcome> {
  const { backupId, component, run, store, workDir, link } = work;
  const { copy, manifest } = await manifestOf(context, { backupId, store }, work.onlyStore);
  const index = await runOf(copy, manifest, component, run);
  const dataKey = await getDataKey(copy, backupId);
  const signal = cancellationSignal();
  const attempt = enterPlacing(workDir);
  const journal = PlacingJournal.open(path.join(workDir, link === undefined ? 'journal' : `journal-${link}`));
  const parts = link === undefined ? undefined : placingOf(workDir, link, run);
  const outcome: RunOutcome = { ...nothingDone, warnings: [] };
  const silent = new Set<string>();
  try {
    const packs = index.packs.filter(({ pack }) => parts === undefined || parts[pack] !== undefined);
    await inLanes(farApart(packs), context.packSlots, async (pack) => {
      // Placed already, by this attempt or an earlier one.
      if (journal.has(pack.pack, pack.contentMac)) outcome.reused++;
      else {
        const placing = { pack, dataKey, signal, parts: parts?.[pack.pack] };
        await fromAnyCopy(
          withoutSilent(copy, silent),
          async (one) => await placePack(context, work, { ...placing, copy: one }).catch(noting(silent, one)),
          (bad, error, taken) => {
            log.error(`a pack is not right in ${bad.store.name} and was taken from ${taken.store.name}`, {
              why: error.message,
            });
            outcome.warnings = [
              `packs that are not right in ${bad.store.name} were taken from ${taken.store.name}: ${error.message}`,
            ];
          },
        );
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

/** A store that did not answer is not waited for again with every pack. */
function noting(silent: Set<string>, { store }: RepositoryCopy): (error: unknown) => never {
  return (error) => {
    if (isHoldfastError(error) && error.code === 'store_unavailable') silent.add(store.name);
    throw error;
  };
}

function withoutSilent(copy: RepositoryCopy, silent: Set<string>): RepositoryCopy {
  const all = [copy, ...(copy.others ?? [])];
  const [first = copy, ...others] = all.filter(({ store }) => !silent.has(store.name));
  return { ...first, others };
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
