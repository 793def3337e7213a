/** Does the key open every store by itself, and would the backups open if it were lost with this host? */
import { keySourceOf, openConfiguredStore } from '../../components/config-file/open-repository';
import type { EscrowConfig, LoadedConfig } from '../../domain/config/types';
import { isHoldfastError } from '../../domain/errors';
import { type MasterKey, openMasterKey } from '../../repository/crypto/master-key';
import { listMasterKeys, unopenedBy } from '../../repository/master-keys';
import type { Store } from '../../repository/store';
import { type Finding, ok, problem, warning } from './finding';

/** What is wrong with a store itself is told by the check of that store. */
export async function checkStoredKeys({ config }: LoadedConfig): Promise<Finding[]> {
  const current = await openMasterKey(keySourceOf(config));
  if (current === undefined) return [];
  const stores = await Promise.all(Object.entries(config.stores).map(([name, one]) => openConfiguredStore(name, one)));
  try {
    return [
      ...(await checkCurrent(stores, current)),
      ...(await checkEscrow(stores, current, config.encryption?.escrow)),
    ];
  } catch (error) {
    // A key that opens no store at all is told by opening the repository.
    if (isHoldfastError(error) && (error.code.startsWith('store_') || error.code === 'key_wrong')) return [];
    throw error;
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}

/** A store that was left out when the key was added opens by what the others hold, and not alone. */
async function checkCurrent(stores: Store[], current: MasterKey): Promise<Finding[]> {
  const lacking = await unopenedBy(stores, current, current);
  if (lacking.length === 0) return [];
  const what = `the configured key does not open ${lacking.join(', ')}: alone, nothing could be restored from there`;
  return [
    problem('key_wrong', what, 'holdfast key add FILE, with the configured key: it is added where it is missing'),
  ];
}

async function checkEscrow(stores: Store[], current: MasterKey, escrow?: EscrowConfig): Promise<Finding[]> {
  if (escrow === undefined) {
    const hint =
      'make a second key, add it (holdfast key add FILE), keep it far from here, and name it under encryption.escrow';
    return [warning('escrow', 'no escrow key is configured: whoever loses the one key loses every backup', hint)];
  }
  const key = escrow.keyFile === undefined ? undefined : await openMasterKey({ kind: 'file', path: escrow.keyFile });
  const wanted = escrow.fingerprint ?? key?.fingerprint ?? '';
  if (wanted === current.fingerprint) {
    const hint = 'make another one: umask 077 && openssl rand -base64 32 > FILE, then holdfast key add FILE';
    return [problem('escrow', 'the escrow key is the configured one: whoever loses it loses both', hint)];
  }
  const known = await listMasterKeys(stores);
  if (known.length === 0) return [];
  const found = known.find(({ fingerprint }) => fingerprint === wanted);
  // With the key at hand it is tried; by its name alone nobody can say more than that its entry is there.
  const tried = found === undefined || key === undefined ? [] : await unopenedBy(stores, current, key);
  const closed = new Set([...(found?.lacking ?? []), ...tried]);
  if (found !== undefined && closed.size === 0) return [ok('escrow', `the escrow key ${wanted} opens every store`)];
  const where = found === undefined ? 'any store' : [...closed].join(', ');
  return [problem('key_wrong', `the escrow key ${wanted} does not open ${where}`, 'holdfast key add FILE')];
}
