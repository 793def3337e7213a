/** Moving down: into a colder class of the store where a backup is, or into another store. */
import type { Milliseconds, StorageClass } from './types';

export type MoveConfig = ClassMove | StoreMove;

export interface ClassMove {
  after: Milliseconds;
  class: StorageClass;
  store?: undefined;
}

export interface StoreMove {
  after: Milliseconds;
  store: string;
  class?: undefined;
}
