/** The sealed manifest behind a restore, and its components. */
import type { SealedManifest } from '../../domain/backup';
import { HoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../../repository/copy';
import { getHead } from '../../repository/heads';
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

export function componentOfJob(job: RestoreJob, name: string): RestoreComponent {
  const found = job.components.find((one) => one.name === name);
  if (found) return found;
  throw new HoldfastError('internal', `${name} is no part of this restore`);
}
