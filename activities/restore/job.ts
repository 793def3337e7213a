/** The sealed manifest behind a restore, and its components. */
import type { SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import type { RunIndex } from '../../domain/pack';
import type { TreeEntry } from '../../domain/tree';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
import { getRunIndex } from '../../repository/run-index';
import { getSealedManifest } from '../../repository/sealed-manifest';
import type { SiteContext } from '../context';
import type { RestoreComponent, RestoreJob } from '../contracts';

export async function manifestOf(
  context: SiteContext,
  { backupId, store }: { backupId: string; store: string },
): Promise<{ copy: RepositoryCopy; manifest: SealedManifest }> {
  const copy = (await context.repository()).copy(store);
  return { copy, manifest: await getSealedManifest(copy, await getHead(copy, backupId)) };
}

/** That which the component comes from. */
export async function manifestOfComponent(
  context: SiteContext,
  job: RestoreJob,
  component: string,
): Promise<{ copy: RepositoryCopy; manifest: SealedManifest }> {
  return await manifestOf(context, componentOfJob(job, component).from ?? job);
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
