import type { RepositoryKeys } from './crypto/keys';
import type { Store } from './store';

/** The repository as one store holds it: every function below takes one of these. All stores hold the same repository. */
export interface RepositoryCopy {
  store: Store;
  repositoryId: string;
  system: string;
  keys: RepositoryKeys;
  /** False: the repository key lies in the clear in `repository.json`; seals then prove integrity and hide nothing. */
  encrypted: boolean;
  /** Where is read what this store does not have as it was written; absent: nowhere else. */
  others?: RepositoryCopy[];
}
