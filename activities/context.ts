/**
 * What the activities of one site share in one process: its configuration, the open repository, the worker threads, and the
 * backup sessions that only this process holds.
 */

import { emptiedStores } from '../components/config-file/known-stores';
import { openConfiguredRepository } from '../components/config-file/open-repository';
import type { BackupSession } from '../components/postgres/session';
import type { Config, LoadedConfig } from '../domain/config/types';
import type { Repository } from '../repository/repository';
import { Bandwidth } from '../repository/stores/bandwidth';
import { Slots } from './in-lanes';
import { PackThreads } from './threads/pool';

interface SiteContextOptions {
  loaded: LoadedConfig;
  site: string;
  processQueue: string;
}

/** By store: a process that serves several sites has one configuration and one limit. */
const bandwidths = new WeakMap<Config, Map<string, Bandwidth>>();

export class SiteContext {
  readonly config: Config;
  readonly site: string;
  readonly processQueue: string;
  readonly sessions = new Map<string, BackupSession>();
  private opened?: Promise<Repository>;
  private openedToWrite = false;
  private reading?: Promise<Repository>;
  private pool?: PackThreads;
  private slots?: Slots;

  constructor({ loaded, site, processQueue }: SiteContextOptions) {
    this.config = loaded.config;
    this.site = site;
    this.processQueue = processQueue;
  }

  /**
   * Opened once; again after it could not be opened, or not with every store, or when the disk of one is not mounted any more, and for the first who
   * writes: a store that was added since joins the repository only then.
   */
  async repository({ create = false } = {}): Promise<Repository> {
    if (this.opened && emptiedStores(this.config).size > 0) this.forget(this.opened);
    if (create && !this.openedToWrite) this.opened = undefined;
    this.openedToWrite ||= create;
    this.opened ??= openConfiguredRepository(this.config, { create });
    const opening = this.opened;
    const toWrite = this.openedToWrite;
    try {
      const repository = await opening;
      if (repository.unavailable.length === 0 && repository.copies.length > 0) return repository;
      this.forget(opening);
      return create || !toWrite ? repository : await this.toRead();
    } catch (error) {
      this.forget(opening);
      if (create || !toWrite) throw error;
      return await this.toRead();
    }
  }

  /** Who only reads must not lack a store because somebody else in this process could not write there. */
  private async toRead(): Promise<Repository> {
    this.reading ??= openConfiguredRepository(this.config);
    const reading = this.reading;
    try {
      const repository = await reading;
      if (repository.unavailable.length > 0) this.reading = undefined;
      return repository;
    } catch (error) {
      if (this.reading === reading) this.reading = undefined;
      throw error;
    }
  }

  /** What all copies into a store that this process makes share, of whatever site; undefined: as much as goes. */
  bandwidthInto(store: string): Bandwidth | undefined {
    const limit = this.config.stores[store]?.bandwidthLimit;
    if (limit === undefined) return undefined;
    const ofStores = bandwidths.get(this.config) ?? new Map<string, Bandwidth>();
    bandwidths.set(this.config, ofStores);
    const bandwidth = ofStores.get(store) ?? new Bandwidth(limit);
    ofStores.set(store, bandwidth);
    return bandwidth;
  }

  /** A store failed that could be reached before: the next who asks opens anew, and leaves it out if it is still away. */
  lookAgain(): void {
    if (this.opened) this.forget(this.opened);
  }

  /** The same site as if there were one store alone. */
  withStore(name: string): SiteContext {
    // Made here, so that every view of the site shares them.
    void [this.threads, this.packSlots];
    const repository: SiteContext['repository'] = async (options) => (await this.repository(options)).only(name);
    return Object.create(this, { repository: { value: repository } }) as SiteContext;
  }

  get threads(): PackThreads {
    this.pool ??= new PackThreads();
    return this.pool;
  }

  /** For packs in work: one on its way to or from the store for each that is on a thread, and more where more jobs were asked for. */
  get packSlots(): Slots {
    this.slots ??= new Slots(2 * Math.max(this.threads.threads, this.config.parallelJobs));
    return this.slots;
  }

  async close(): Promise<void> {
    for (const session of this.sessions.values()) await session.abandon();
    await this.pool?.close();
    for (const opened of [this.opened, this.reading]) await (await opened?.catch(() => undefined))?.close();
  }

  private forget(opening: Promise<Repository>): void {
    if (this.opened !== opening) return;
    this.opened = undefined;
    this.openedToWrite = false;
  }
}
