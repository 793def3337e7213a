/** The WAL archives of a component: one in each store that its configuration names. */
import { postgresOf } from '../../domain/config/names';
import { openBytes } from '../../repository/crypto/sealed-bytes';
import { WalArchive } from '../../repository/wal/archive';
import { type OpenSealed, walObjects } from '../../repository/wal/bind';
import type { SiteContext } from '../context';
import type { PackThreads } from '../threads/pool';

/** For writing: every store must be there, since what is acknowledged must be in all of them. */
export async function beginArchives(
  context: SiteContext,
  component: string,
  marker: Parameters<typeof WalArchive.begin>[2],
): Promise<WalArchive[]> {
  const repository = await context.repository({ create: true });
  const { wal } = postgresOf(context.config, context.site, component);
  const objects = walObjects(repository, wal.to);
  const owner = { system: context.config.system, site: context.site, component };
  return Promise.all(objects.stores.map((store) => WalArchive.begin(objects, store, marker, owner)));
}

/** For reading: those that can be reached and hold WAL of this system, the preferred store first. */
export async function openArchives(
  context: SiteContext,
  systemIdentifier: string,
  preferred?: string,
): Promise<WalArchive[]> {
  const objects = walObjects(await context.repository(), undefined, openerOf(context));
  const ordered = objects.stores.toSorted((a, b) => Number(b.name === preferred) - Number(a.name === preferred));
  const archives = await Promise.all(ordered.map((store) => WalArchive.open(objects, store, systemIdentifier)));
  return archives.filter((one) => one !== undefined);
}

/** Less than this is opened sooner here than it gets to a thread. */
const worthAThread = 256 * 1024;

/** Whole segments are opened on threads: several at a time, and the event loop goes on. */
function openerOf({ threads }: { threads: PackThreads }): OpenSealed {
  return (object, options) =>
    object.length < worthAThread ? openBytes(object, options) : threads.openSealedInThread({ object, ...options });
}
