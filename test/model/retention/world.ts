/** What is true: the time, the databases, every backup that was made, and the stores with what lies in them. */
import type { BackupHead } from '../../../domain/backup';
import type { Config } from '../../../domain/config/types';
import { type Interval, merge, overlap } from '../../../domain/intervals';
import type { RepositoryCopy } from '../../../repository/copy';
import { deriveRepositoryKeys } from '../../../repository/crypto/keys';
import { headKey, headsPrefix } from '../../../repository/names';
import type { Store } from '../../../repository/store';
import { MemoryStore } from '../../support/memory-store';
import { configOf, sites } from './config';
import { Database, type Position, type Stretch } from './database';
import type { Setup } from './sequence';

export const minute = 60_000;
export const hour = 60 * minute;
export const day = 24 * hour;

const keys = deriveRepositoryKeys(Buffer.alloc(32));

export interface Truth {
  id: string;
  site: string;
  tier: string;
  /** When it was published, by the one clock that is right. */
  at: number;
  begin: Position;
  end: Position;
  chain: string[];
}

export interface Moment extends Position {
  site: string;
  at: number;
}

export type GoneWal = Map<string, Interval<bigint>[]>;

export class World {
  now = Date.UTC(2026, 0, 1);
  /** How wrong the hosts' clocks are. */
  jump = 0;
  readonly config: Config;
  readonly stores: MemoryStore[];
  readonly databases = new Map(sites.map((site) => [site, new Database(site)]));
  readonly truths = new Map<string, Truth>();
  readonly moments: Moment[] = [];
  readonly pinned = new Set<string>();
  readonly held = new Set<string>();
  /** Of each copy (store/id): when it was restored and asked the last time, and when it was found wrong. */
  readonly shown = new Map<string, { proven?: number; wrong?: number }>();
  readonly restores: { holder: string; ids: string[]; store: MemoryStore }[] = [];
  /** By store, system and timeline. */
  readonly goneWal: GoneWal = new Map();
  /** A run of retention was killed, and none came to its end since. */
  unfinished = false;
  count = 0;

  constructor(setup: Setup) {
    this.config = configOf(setup);
    this.stores = Object.keys(this.config.stores).map((name) => new MemoryStore(name, () => this.now));
  }

  database(site: string): Database {
    return this.databases.get(site) as Database;
  }

  copyOf(store: Store): RepositoryCopy {
    return { store, repositoryId: 'model', system: 'shop', keys, encrypted: false };
  }

  wait(minutes: number): void {
    this.now += minutes * minute;
    for (const [site, database] of this.databases) {
      database.advance(minutes);
      this.moments.push({ site, at: this.now, ...database.position });
    }
  }

  heads(store: MemoryStore): BackupHead[] {
    return store.keys(headsPrefix).map((key) => JSON.parse((store.peek(key) as Buffer).toString()) as BackupHead);
  }

  head(store: MemoryStore, id: string): BackupHead | undefined {
    const object = store.peek(headKey(id));
    return object && (JSON.parse(object.toString()) as BackupHead);
  }

  putHead(store: MemoryStore, head: BackupHead): Promise<unknown> {
    return store.put(headKey(head.id), Buffer.from(JSON.stringify(head)));
  }

  isWhole(store: MemoryStore, id: string): boolean {
    return objectsOf(id).every((key) => store.peek(key) !== undefined);
  }

  loseWal(store: MemoryStore, system: string, timeline: number, stretches: Interval<bigint>[]): void {
    const key = `${store.name}/${system}/${timeline}`;
    const all = [...(this.goneWal.get(key) ?? []), ...stretches].map((one) => ({ ...one }));
    this.goneWal.set(key, merge(all));
  }

  /** Whether a store has the WAL from the one to the other. @param gone what of it is not there any more */
  replays(gone: GoneWal, store: MemoryStore, site: string, from: Position, to: Position): boolean {
    const way = this.database(site).way(from, to);
    const has = (one: Stretch) =>
      (gone.get(`${store.name}/${from.system}/${one.timeline}`) ?? []).every((lost) => !overlap(lost, one));
    return way?.every(has) ?? false;
  }
}

/** What a backup consists of here. */
export function objectsOf(id: string): string[] {
  return [`backups/${id}/sealed`, `backups/${id}/packs/${'0'.repeat(32)}`];
}
