/** Opens what a push writes to. Every store that the component's WAL goes to must be there: what is acknowledged is in all of them. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import { readControlFile } from '../../components/postgres/pg-control';
import type { Server } from '../../components/postgres/wal/push/archived-file';
import { type PushOptions, push } from '../../components/postgres/wal/push/push';
import { dataDirOf } from '../../domain/config/names';
import type { Config } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { descriptionKey } from '../../repository/names';
import type { Repository } from '../../repository/repository';
import { WalArchive } from '../../repository/wal/archive';
import { walObjects } from '../../repository/wal/bind';
import type { OwnComponent } from '../commands/wal-push';

/** @returns paths of segments that were stored beside the one asked for */
export async function pushToStores(
  config: Config,
  { site, name, component }: OwnComponent,
  options: Omit<PushOptions, 'server' | 'archives'>,
): Promise<string[]> {
  const server = serverOf(dataDirOf(config, site, name));
  const repository = await openConfiguredRepository(config);
  try {
    await assertBegun(repository, component.wal.to);
    const objects = walObjects(repository, component.wal.to);
    const owner = { system: config.system, site, component: name };
    const archives = await Promise.all(objects.stores.map((store) => WalArchive.begin(objects, store, server, owner)));
    return await push({ ...options, server, archives });
  } finally {
    await repository.close();
  }
}

function serverOf(dataDir: string): Server {
  const { systemIdentifier, walSegmentSize: segmentSize } = readControlFile(dataDir);
  const major = Number.parseInt(readFileSync(path.join(dataDir, 'PG_VERSION'), 'utf8'), 10);
  return { systemIdentifier, major, segmentSize };
}

/**
 * A push begins no repository, in none of its stores: a directory that is empty is taken for a disk that is not mounted, where WAL
 * would be acknowledged and lost.
 */
async function assertBegun(repository: Repository, stores: string[]): Promise<void> {
  for (const name of stores) {
    const { store } = repository.copy(name);
    if (await store.head(descriptionKey)) continue;
    throw new HoldfastError('store_unavailable', `the store ${name} holds no repository`, {
      where: store.location,
      hints: ['check that its file system is mounted', 'the first backup, or "holdfast up", begins a repository'],
    });
  }
}
