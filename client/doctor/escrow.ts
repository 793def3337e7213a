/** Would the backups open if the key were lost with this host? */
import { openConfiguredStore } from '../../components/config-file/open-repository';
import type { LoadedConfig } from '../../domain/config/types';
import { isHoldfastError } from '../../domain/errors';
import { openMasterKey } from '../../repository/crypto/master-key';
import { type KnownKey, listMasterKeys } from '../../repository/master-keys';
import { type Finding, ok, problem, warning } from './finding';

export async function checkEscrow(loaded: LoadedConfig): Promise<Finding[]> {
  const { encryption } = loaded.config;
  if (encryption === undefined) return [];
  const { escrow } = encryption;
  if (escrow === undefined) {
    const hint =
      'make a second key, add it (holdfast key add FILE), keep it far from here, and name it under encryption.escrow';
    return [warning('escrow', 'no escrow key is configured: whoever loses the one key loses every backup', hint)];
  }
  const wanted = escrow.fingerprint ?? (await openMasterKey({ kind: 'file', path: escrow.keyFile }))?.fingerprint ?? '';
  const keys = await knownKeys(loaded);
  if (keys === undefined || keys.length === 0) return [];
  const found = keys.find(({ fingerprint }) => fingerprint === wanted);
  if (found !== undefined && found.lacking.length === 0)
    return [ok('escrow', `the escrow key ${wanted} opens every store`)];
  const where = found === undefined ? 'any store' : found.lacking.join(', ');
  return [problem('key_wrong', `the escrow key ${wanted} does not open ${where}`, 'holdfast key add FILE')];
}

/** What is wrong with a store itself is told by the check of that store. */
async function knownKeys({ config }: LoadedConfig): Promise<KnownKey[] | undefined> {
  const stores = await Promise.all(Object.entries(config.stores).map(([name, one]) => openConfiguredStore(name, one)));
  try {
    return await listMasterKeys(stores);
  } catch (error) {
    if (isHoldfastError(error) && error.code.startsWith('store_')) return undefined;
    throw error;
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}
