/** The WAL archives of a component: one in each store that its configuration names. */

import type { WalStore } from '../../components/postgres/wal/receiver-stores';
import { postgresOf } from '../../domain/config/names';

import { openBytes } from '../../repository/crypto/sealed-bytes';

import { mayBeElsewhere } from '../../repository/elsewhere';
import { descriptionKey } from '../../repository/names';
import type { Repository } from '../../repository/repository';
import { Bandwidth, limited } from '../../repository/stores/bandwidth';
import { WalArchive } from '../../repository/wal/archive';
import { type OpenSealed, walObjects } from '../../repository/wal/bind';
import type { Writer } from '../../repository/wal/claims';
import { furthestFirst } from '../../repository/wal/reach';
import type { SiteContext } from '../context';
import type { PackThreads } from '../threads/pool';

/**
 * For writing: one for each store that gets the component's WAL, all within the component's one limit of bandwidth. Where not every
 * store has to hold WAL, one that cannot be reached does not keep the others from being opened.
 */
export function walStores(
  context: SiteContext,
  component: string,
  writer: Writer,
  onBegun: (archive: WalArchive) => void,
): WalStore[] {
  const { wal } = postgresOf(context.config, context.site, component);
  const owner = { system: context.config.system, site: context.site, component };
  const bandwidth = wal.bandwidthLimit === undefined ? undefined : new Bandwidth(wal.bandwidthLimit);
  return wal.to.map((name) => ({
    name,
    begin: async (marker) => {
      const repository = await toWrite(context, name, wal.quorum === wal.to.length);
      const objects = walObjects(repository, [name]);
      const store = limited(repository.copy(name).store, bandwidth);
      const archive = await WalArchive.begin(objects, store, marker, owner, writer);
      onBegun(archive);
      return archive;
    },
  }));
}

async function toWrite(context: SiteContext, store: string, all: boolean): Promise<Repository> {
  if (!all) {
    // Any store that is part of the repository will do; one that is not yet joins it when all can be reached.
    const repository = await context.repository().catch(() => undefined);
    const copy = repository?.copies.find((one) => one.store.name === store);
    if (repository && copy && (await copy.store.head(descriptionKey))) return repository;
  }
  return await context.repository({ create: true });
}

/** For reading: those that can be reached and hold WAL of this system, the preferred store first unless another one reaches further. */
export async function openArchives(
  context: SiteContext,
  systemIdentifier: string,
  preferred?: string,
  onlyStore?: string,
): Promise<WalArchive[]> {
  const only = onlyStore === undefined ? undefined : [onlyStore];
  const objects = walObjects(await context.repository(), only, openerOf(context));
  const ordered = objects.stores.toSorted((a, b) => Number(b.name === preferred) - Number(a.name === preferred));
  const looked = await Promise.allSettled(ordered.map((store) => WalArchive.open(objects, store, systemIdentifier)));
  const archives = looked.flatMap((one) => (one.status === 'fulfilled' && one.value ? [one.value] : []));
  const failed = looked.find((one) => one.status === 'rejected');
  // Another store may have it all; where none has, what is wrong with the one is told.
  if (failed && (archives.length === 0 || !mayBeElsewhere(failed.reason))) throw failed.reason;
  return await furthestFirst(archives);
}

/** Less than this is opened sooner here than it gets to a thread. */
const worthAThread = 256 * 1024;

/** Whole segments are opened on threads: several at a time, and the event loop goes on. */
function openerOf({ threads }: { threads: PackThreads }): OpenSealed {
  return (object, options) =>
    object.length < worthAThread ? openBytes(object, options) : threads.openSealedInThread({ object, ...options });
}
