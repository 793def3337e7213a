/** The sealed manifest behind a restore, and its components. */
import type { SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import type { RunIndex } from '../../domain/pack';
import type { TreeEntry } from '../../domain/tree';
import type { RepositoryCopy } from '../../repository/copy';
import { fromAnyCopy } from '../../repository/elsewhere';
import { getHead } from '../../repository/heads';
import { getRunIndex } from '../../repository/run-index';
import { getSealedManifest } from '../../repository/sealed-manifest';
import type { SiteContext } from '../context';
import type { RestoreComponent, RestoreJob } from '../contracts';

export async function manifestOf(
  context: SiteContext,
  { backupId, store }: { backupId: string; store: string },
  onlyStore?: string,
): Promise<{ copy: RepositoryCopy; manifest: SealedManifest }> {
  const copy =
    onlyStore === undefined ? await copyToRead(context, store) : (await context.repository()).copy(onlyStore);
  return await fromAnyCopy(copy, async (one) => {
    const manifest = await getSealedManifest(one, await getHead(one, backupId));
    return { copy: withOthers(one, copy), manifest };
  });
}

/** The store that was chosen, and every other one that can be reached, for what is damaged or missing there; without it the others alone. */
async function copyToRead(context: SiteContext, store: string): Promise<RepositoryCopy> {
  const repository = await context.repository();
  const others = repository.copies.filter((one) => one.store.name !== store);
  const copy = repository.copies.find((one) => one.store.name === store) ?? others.shift() ?? repository.copy(store);
  return { ...copy, others };
}

/** The one that was found good goes first from here on. */
function withOthers(first: RepositoryCopy, all: RepositoryCopy): RepositoryCopy {
  const others = [all, ...(all.others ?? [])].filter((one) => one.store.name !== first.store.name);
  return { ...first, others: others.map((one) => ({ ...one, others: [] })) };
}

/** That which the component comes from. */
export async function manifestOfComponent(
  context: SiteContext,
  job: RestoreJob,
  component: string,
): Promise<{ copy: RepositoryCopy; manifest: SealedManifest }> {
  return await manifestOf(context, componentOfJob(job, component).from ?? job, job.request.onlyStore);
}

export function componentOfJob(job: RestoreJob, name: string): RestoreComponent {
  const found = job.components.find((one) => one.name === name);
  if (found) return found;
  throw new HoldfastError('internal', `${name} is no part of this restore`);
}

/** The component's run indexes, one in memory at a time. */
export async function* indexesOf(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  component: string,
): AsyncGenerator<RunIndex> {
  for (const ref of manifest.components[component]?.indexes ?? []) yield await getRunIndex(copy, ref);
}

export async function* entriesOf(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  component: string,
): AsyncGenerator<TreeEntry> {
  for await (const { entries } of indexesOf(copy, manifest, component)) yield* entries;
}

export async function runOf(
  copy: RepositoryCopy,
  manifest: SealedManifest,
  component: string,
  run: number,
): Promise<RunIndex> {
  const ref = manifest.components[component]?.indexes[run];
  if (!ref) throw new HoldfastError('invalid_backup', `run ${run} of ${component} is not in the manifest`);
  return getRunIndex(copy, ref);
}
