/** The trees around placing: folders before the first pack, sizes, owners, modes and times after the last. */
import { lstatSync } from 'node:fs';
import path from 'node:path';
import { finishTree as finishFiles } from '../../components/tree/finish';
import { PlacingJournal } from '../../components/tree/journal';
import { prepareTree as makeFolders } from '../../components/tree/prepare';
import { pruneTree } from '../../components/tree/prune';
import { syncTree } from '../../components/tree/sync';
import { HoldfastError } from '../../domain/errors';
import { StoredSizes } from '../../domain/stored-sizes';
import type { SiteContext } from '../context';
import type { RestoreJob, RestorePart } from '../contracts';
import { decidePlacing } from './chain';
import { failingAs } from './failing-as';
import { componentOfJob, entriesOf, indexesOf, manifestOfComponent } from './job';
import { ownerNamed } from './owner';
import { probesOf } from './probes';
import { closeForPlacing, enterWriting, isPlaced, markPlaced, openForPlacing, waitForWriters } from './work-dir';

export async function prepareTree(context: SiteContext, { job, component }: RestorePart): Promise<void> {
  const { copy, manifest } = await manifestOfComponent(context, job, component);
  const { roots, workDir, errorCode } = componentOfJob(job, component);
  const attempt = enterWriting(workDir);
  try {
    if (isPlaced(workDir)) return;
    await failingAs(errorCode, async () => {
      // What the backup does not know of would be read by the server all the same.
      if (job.request.delta) await pruneTree(entriesOf(copy, manifest, component), roots);
      await makeFolders(entriesOf(copy, manifest, component), roots);
      await decidePlacing(copy, manifest, component, workDir);
    });
    openForPlacing(workDir);
  } finally {
    attempt.leave();
  }
}

export async function finishTree(context: SiteContext, { job, component }: RestorePart): Promise<void> {
  const { copy, manifest } = await manifestOfComponent(context, job, component);
  const { roots, workDir, errorCode } = componentOfJob(job, component);
  await closeForPlacing(workDir);
  const sizes = new StoredSizes();
  for await (const index of indexesOf(copy, manifest, component))
    for (const { slices } of index.packs) sizes.add(slices);
  const { owner, delta } = job.request;
  const attempt = enterWriting(workDir);
  try {
    // Two that finish at once would each undo what the other has done to times and sizes: one after the other.
    await waitForWriters(workDir, attempt);
    if (isPlaced(workDir)) return;
    await failingAs(errorCode, async () => {
      await finishFiles(() => entriesOf(copy, manifest, component), roots, {
        sizes,
        over: delta,
        ...(owner === undefined ? {} : { owner: ownerNamed(owner) }),
      });
      const journal = PlacingJournal.open(path.join(workDir, 'journal'));
      await journal.synced(() => syncTree(roots)).finally(() => journal.close());
    });
    if (manifest.components[component]?.kind === 'files') {
      checkProbes(probesOf(context, job, manifest, component), job, component);
    }
    markPlaced(workDir);
  } finally {
    attempt.leave();
  }
}

/** Paths that must be there after a restore, as the configuration says. @throws HoldfastError `validation_failed` */
function checkProbes(probes: string[], { inPlace, components }: RestoreJob, component: string): void {
  const target = components.find(({ name }) => name === component)?.target ?? '';
  for (const probe of probes) {
    const place = inPlace ? probe : path.join(target, probe);
    if (lstatSync(place, { throwIfNoEntry: false })) continue;
    throw new HoldfastError('validation_failed', 'a path that must be there after a restore is not there', {
      where: place,
      hints: [`it is a probe of ${component}: is it among the configured paths, and was it there at the backup?`],
    });
  }
}
