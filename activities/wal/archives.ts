/** The WAL archives of a component: one in each store that its configuration names. */
import { postgresOf } from '../../domain/config/names';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import type { Writer } from '../../repository/wal/claims';
import type { SiteContext } from '../context';

/**
 * For writing: every store must be there, since what is acknowledged must be in all of them. One after the other in the order of the
 * configuration, so that of two writers that begin at once one gets them all.
 */
export async function beginArchives(
  context: SiteContext,
  component: string,
  writer: Writer,
  marker: Parameters<typeof WalArchive.begin>[2],
): Promise<WalArchive[]> {
  const repository = await context.repository({ create: true });
  const { wal } = postgresOf(context.config, context.site, component);
  const objects = walObjects(repository, wal.to);
  const owner = { system: context.config.system, site: context.site, component };
  const begun: WalArchive[] = [];
  try {
    for (const store of objects.stores) begun.push(await WalArchive.begin(objects, store, marker, owner, writer));
    return begun;
  } catch (error) {
    await Promise.allSettled(begun.map((archive) => archive.endWriting()));
    throw error;
  }
}

/** For reading: those that can be reached and hold WAL of this system, the preferred store first. */
export async function openArchives(
  context: SiteContext,
  systemIdentifier: string,
  preferred?: string,
): Promise<WalArchive[]> {
  const objects = walObjects(await context.repository());
  const ordered = objects.stores.toSorted((a, b) => Number(b.name === preferred) - Number(a.name === preferred));
  const archives = await Promise.all(ordered.map((store) => WalArchive.open(objects, store, systemIdentifier)));
  return archives.filter((one) => one !== undefined);
}
