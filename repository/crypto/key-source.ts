import { HoldfastError } from '../../domain/errors';
import { readKeyFile } from './key-file';

/** Where the master key comes from. A key service would be a further kind that wraps and unwraps remotely. */
export type KeySource = { kind: 'none' } | { kind: 'file'; path: string };

/** The master key, or undefined where nothing is encrypted against whoever can read the store. */
export async function readMasterKey(source: KeySource): Promise<Buffer | undefined> {
  switch (source.kind) {
    case 'none':
      return undefined;
    case 'file':
      return await readKeyFile(source.path);
    default:
      throw new HoldfastError('key_invalid', 'this kind of key source is not known');
  }
}
