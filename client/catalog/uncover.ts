/** Before anything is opened: what opens the repository may itself have been hidden. */
import { keySourceOf, openConfiguredStore } from '../../components/config-file/open-repository';
import type { Config } from '../../domain/config/types';
import { isHoldfastError } from '../../domain/errors';
import { openMasterKey } from '../../repository/crypto/master-key';
import { uncoverDescription } from '../../repository/locks/description';

/** What is wrong with a store itself is told by opening it. @returns how many objects came back */
export async function uncoverDescriptions(config: Config): Promise<number> {
  const masterKey = await openMasterKey(keySourceOf(config));
  let objects = 0;
  for (const [name, one] of Object.entries(config.stores)) {
    const store = await openConfiguredStore(name, one);
    try {
      objects += await uncoverDescription(store, masterKey);
    } catch (error) {
      if (!isHoldfastError(error)) throw error;
    } finally {
      await store.close();
    }
  }
  return objects;
}
