/** What a copy costs, from what the catalog says: nothing is read for it. */
import type { BackupHead } from '../backup';
import type { Config } from '../config/types';

export interface CopyCost {
  backupId: string;
  store: string;
  /** Where it is, or where nobody knows that, what it is for. */
  region?: string;
  way: 'within the service' | 'streamed';
  packs: number;
  /** As they lie in the store. */
  storedBytes: number;
  /** To the store: looked for, sent or copied, looked at again. */
  requests: number;
  /** To the store it comes from. */
  reads: number;
}

/** Documents, head, lease: of every backup. */
const documents = 5;
const each = 3;

export function copyCost(head: BackupHead, from: string, to: string, { stores }: Pick<Config, 'stores'>): CopyCost {
  const parts = Object.values(head.components);
  const packs = parts.reduce((sum, one) => sum + one.packs, 0);
  const runs = parts.reduce((sum, one) => sum + one.runs, 0);
  const within = sameService(stores[from], stores[to]);
  const target = stores[to];
  const region = target?.kind === 's3' ? target.region : target?.role;
  return {
    ...{ backupId: head.id, store: to, ...(region && { region }) },
    way: within ? 'within the service' : 'streamed',
    ...{ packs, storedBytes: head.storedBytes },
    requests: each * (packs + runs + documents),
    reads: runs + documents + (within ? 0 : packs),
  };
}

type StoreConfig = Config['stores'][string] | undefined;

function sameService(from: StoreConfig, to: StoreConfig): boolean {
  if (from?.kind !== 's3' || to?.kind !== 's3') return false;
  return from.endpoint === to.endpoint && from.accessKeyId === to.accessKeyId;
}
