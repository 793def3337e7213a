import { HoldfastError } from '../../domain/errors';
import type { Store } from '../store';
import { DirStore } from './dir';

export interface DirStoreConfig {
  kind: 'dir';
  /** Absolute. */
  path: string;
}

export interface S3StoreConfig {
  kind: 's3';
  bucket: string;
  region?: string;
  /** For services other than AWS. */
  endpoint?: string;
  /** Everything is kept below it; `/` at either end does not matter. */
  prefix?: string;
  /** Of packs; what is small or must be readable at once stays in the bucket's standard class. */
  storageClass?:
    | 'STANDARD'
    | 'STANDARD_IA'
    | 'ONEZONE_IA'
    | 'INTELLIGENT_TIERING'
    | 'GLACIER_IR'
    | 'GLACIER'
    | 'DEEP_ARCHIVE';
  /** Default: true with an endpoint of one's own. */
  forcePathStyle?: boolean;
  /** Both or neither; without them the default chain of the AWS SDK. */
  accessKeyId?: string;
  secretAccessKey?: string;
}

export type StoreConfig = DirStoreConfig | S3StoreConfig;

/** Opens without touching the store: what is wrong with it shows at the first use, or by `probe()`. */
export function openStore(name: string, config: StoreConfig): Store {
  switch (config.kind) {
    case 'dir':
      if (!config.path.startsWith('/')) {
        throw new HoldfastError('config_invalid', 'the path of a dir store must be absolute', { where: name });
      }
      return new DirStore(name, config.path.replace(/\/+$/, '') || '/');
    case 's3': {
      // loaded only here: the SDK costs every command a noticeable part of a second
      const { S3Store } = require('./s3') as typeof import('./s3');
      return new S3Store(name, config);
    }
  }
}
