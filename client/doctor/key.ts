/** Is the key there, well kept, and the one the repository was made with? */
import { keySourceOf } from '../../components/config-file/open-repository';
import type { LoadedConfig } from '../../domain/config/types';
import { isHoldfastError } from '../../domain/errors';
import { openMasterKey } from '../../repository/crypto/master-key';
import { withRepository } from '../catalog/open';
import { checkStoredKeys } from './escrow';
import { type Finding, findingOf, ok, warning } from './finding';

export async function checkKey(loaded: LoadedConfig): Promise<Finding[]> {
  const source = keySourceOf(loaded.config);
  const findings: Finding[] = [];
  if (source.kind === 'none') {
    const hint = 'make a key file (umask 077 && openssl rand -base64 32 > FILE) and name it under encryption.keyFile';
    findings.push(warning('encryption', 'nothing is encrypted: whoever can read a store can read the backups', hint));
  } else {
    await openMasterKey(source);
    const found = source.kind === 'file' ? 'the key file can be read, by its owner only' : 'the key service answers';
    findings.push(ok('key', found));
  }
  return [...findings, ...(await fits(loaded)), ...(await checkStoredKeys(loaded))];
}

async function fits(loaded: LoadedConfig): Promise<Finding[]> {
  try {
    return await withRepository(loaded, async (repository) =>
      repository === undefined
        ? [ok('repository', 'there is no repository yet: the first backup makes it')]
        : [ok('repository', 'the repository opens with this key')],
    );
  } catch (error) {
    // What is wrong with a store itself is told by the check of that store.
    return isHoldfastError(error) && error.code.startsWith('store_') ? [] : [findingOf(error)];
  }
}
