/** Setting aside, making folders, placing runs of packs, finishing files, and dropping or putting back what was set aside. */
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cancellationSignal, heartbeat } from '@temporalio/activity';
import { dropAside, putBack, setAside } from '../../components/tree/aside';
import { finishTree as finishFiles } from '../../components/tree/finish';
import { PlacingJournal } from '../../components/tree/journal';
import { enterAttempt, waitForOthers } from '../../components/tree/markers';
import { prepareTree as makeFolders } from '../../components/tree/prepare';
import { pruneTree } from '../../components/tree/prune';
import { syncTree } from '../../components/tree/sync';
import type { SealedManifest } from '../../domain/backup';
import type { RunIndex, StoredPack } from '../../domain/pack';
import { nothingDone, type RunOutcome } from '../../domain/runs';
import { StoredSizes } from '../../domain/stored-sizes';
import type { TreeEntry } from '../../domain/tree';
import type { RepositoryCopy } from '../../repository/copy';
import { getDataKey } from '../../repository/data-key';
import { fetchPack } from '../../repository/packs/store-pack';
import { getRunIndex } from '../../repository/run-index';
import { beating } from '../beating';
import type { SiteContext } from '../context';
import type { PlaceRunWork, RestoreComponent, RestoreJob, RestorePart } from '../contracts';
import { currentTablespaces, placesOf } from './check-target';
import { failingAs } from './failing-as';
import { componentOfJob, manifestOf } from './job';
import { ownerNamed } from './owner';
import { makeWorkDir, removeWorkDir } from './work-dir';

/** Every place that the restore fills, and on its own ground every place that the present data uses. */
function placesToClear(job: RestoreJob, component: RestoreComponent): string[] {
  const now = job.inPlace && component.kind === 'postgres' ? currentTablespaces(component.target) : [];
  return [...new Set([...now, ...placesOf(component)])];
}

export async function setDataAside(_context: SiteContext, job: RestoreJob): Promise<void> {
  if (job.request.delta) return;
  for (const component of job.components) {
    makeWorkDir(component.workDir);
    for (const place of recordedPlaces(component.workDir, () => placesToClear(job, component))) {
      await setAside(place, { id: job.restoreId, recordDir: component.workDir });
    }
  }
}

export async function putDataBack(_context: SiteContext, job: RestoreJob): Promise<void> {
  if (job.request.delta) return;
  for (const component of job.components.toReversed()) {
    await waitForOthers(attempts(component.workDir), { signal: cancellationSignal(), waiting: beating() });
    for (const place of recordedPlaces(component.workDir, () => []).toReversed()) {
      await putBack(place, { id: job.restoreId, recordDir: component.workDir });
    }
  }
}

export async function dropSetAsideData(job: RestoreJob): Promise<void> {
  for (const component of job.components) {
    for (const place of recordedPlaces(component.workDir, () => [])) {
      await dropAside(place, { id: job.restoreId, recordDir: component.workDir });
    }
  }
}

/** The list is fixed by the first attempt: once data is aside, its tablespaces can no longer be listed. */
function recordedPlaces(workDir: string, find: () => string[]): string[] {
  const file = path.join(workDir, 'places.json');
  if (existsSync(file)) return JSON.parse(readFileSync(file, 'utf8')) as string[];
  const places = find();
  if (places.length > 0) {
    writeFileSync(`${file}.new`, JSON.stringify(places), { flush: true });
    renameSync(`${file}.new`, file);
  }
  return places;
}

export async function prepareTree(context: SiteContext, { job, component }: RestorePart): Promise<void> {
  const { copy, manifest } = await manifestOf(context, job);
  const { roots, workDir, errorCode } = componentOfJob(job, component);
  makeWorkDir(workDir);
  await failingAs(errorCode, async () => {
    // What the backup does not know of would be read by the server all the same.
    if (job.request.delta) await pruneTree(entriesOf(copy, manifest, component), roots);
    await makeFolders(entriesOf(copy, manifest, component), roots);
  });
}

export async function placeRun(context: SiteContext, work: PlaceRunWork): Promise<RunOutcome> {
  const { backupId, component, run, store, workDir } = work;
  const { copy, manifest } = await manifestOf(context, { backupId, store });
  const index = await runOf(copy, manifest, component, run);
  const dataKey = await getDataKey(copy, backupId);
  const signal = cancellationSignal();
  makeWorkDir(workDir);
  const attempt = enterAttempt(attempts(workDir));
  const journal = PlacingJournal.open(path.join(workDir, 'journal'));
  const outcome: RunOutcome = { ...nothingDone, warnings: [] };
  try {
    let ahead = fetchAhead(copy, index.packs, 0, journal, signal);
    for (const [at, pack] of index.packs.entries()) {
      const object = await ahead;
      ahead = fetchAhead(copy, index.packs, at + 1, journal, signal);
      ahead?.catch(() => undefined);
      if (object) await placePack(context, work, { pack, object, dataKey, signal });
      else outcome.reused++;
      if (object) journal.record(pack.pack, pack.contentMac);
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

/** Undefined: placed already, by this attempt or an earlier one. */
async function fetchAhead(
  copy: RepositoryCopy,
  packs: StoredPack[],
  at: number,
  journal: PlacingJournal,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const pack = packs[at];
  if (!pack || journal.has(pack.pack, pack.contentMac)) return undefined;
  return fetchPack(copy, pack, signal);
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

export async function finishTree(context: SiteContext, { job, component }: RestorePart): Promise<void> {
  const { copy, manifest } = await manifestOf(context, job);
  const { roots, workDir, errorCode } = componentOfJob(job, component);
  await waitForOthers(attempts(workDir), { signal: cancellationSignal(), waiting: beating() });
  const sizes = new StoredSizes();
  for await (const index of indexesOf(copy, manifest, component))
    for (const { slices } of index.packs) sizes.add(slices);
  const { owner, delta } = job.request;
  await failingAs(errorCode, async () => {
    await finishFiles(() => entriesOf(copy, manifest, component), roots, {
      sizes,
      over: delta,
      ...(owner === undefined ? {} : { owner: ownerNamed(owner) }),
    });
    const journal = PlacingJournal.open(path.join(workDir, 'journal'));
    await journal.synced(() => syncTree(roots)).finally(() => journal.close());
  });
}

export async function* indexesOf(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  component: string,
): AsyncGenerator<RunIndex> {
  for (const ref of manifest.components[component]?.indexes ?? []) yield await getRunIndex(copy, ref);
}

async function* entriesOf(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  component: string,
): AsyncGenerator<TreeEntry> {
  for await (const { entries } of indexesOf(copy, manifest, component)) yield* entries;
}

async function runOf(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  component: string,
  run: number,
): Promise<RunIndex> {
  const ref = manifest.components[component]?.indexes[run];
  if (!ref) throw new Error(`run ${run} of ${component} is not in the manifest`);
  return getRunIndex(copy, ref);
}

function attempts(workDir: string): string {
  return path.join(workDir, 'attempts');
}

export async function removeWorkDirs(_context: SiteContext, job: RestoreJob): Promise<void> {
  for (const { workDir } of job.components) removeWorkDir(workDir);
}
