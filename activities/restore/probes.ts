/** The probes that a restore is held against: what was backed up is asked what its own site wants to be asked. */
import type { SealedManifest } from '../../domain/backup';
import type { SiteContext } from '../context';
import type { RestoreJob } from '../contracts';

/** Beside everything another site's component of the same name says nothing of the backup; in place it is this site's that the data becomes. */
export function probesOf(
  { config, site }: SiteContext,
  { inPlace }: Pick<RestoreJob, 'inPlace'>,
  manifest: Pick<SealedManifest, 'site' | 'components'>,
  name: string,
): string[] {
  const configured = config.sites[inPlace ? site : manifest.site]?.components[name];
  return configured?.kind === manifest.components[name]?.kind ? (configured?.probes ?? []) : [];
}
