/** `key list|add|retire`: the master keys that open the repository. */
import { refuseEmptied } from '../../components/config-file/known-stores';
import { keySourceOf, openConfiguredStore } from '../../components/config-file/open-repository';
import { userPath } from '../../components/config-file/paths';
import { nearestName } from '../../domain/config/nearest';
import type { Config } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';
import { type MasterKey, openMasterKey } from '../../repository/crypto/master-key';
import { addMasterKey, listMasterKeys, retireMasterKey } from '../../repository/master-keys';
import type { Store } from '../../repository/store';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { confirm } from '../output/confirm';
import { table } from '../output/table';

export async function list(options: GlobalOptions): Promise<Outcome> {
  const { config } = await configured(options);
  const current = await openMasterKey(keySourceOf(config));
  const keys = (await withStores(config, listMasterKeys)).map((key) => ({
    ...key,
    configured: key.fingerprint === current?.fingerprint,
  }));
  const rows = keys.map((key) => [
    key.fingerprint,
    key.mode,
    key.stores.join(', '),
    key.lacking.join(', '),
    key.configured ? 'configured' : '',
  ]);
  if (rows.length === 0) return { json: keys, text: 'the repository is not encrypted, or not made yet' };
  return { json: keys, text: table(['KEY', 'KIND', 'OPENS', 'DOES NOT OPEN', ''], rows) };
}

/** @param file of the new key; `--kms` names one of a key service instead */
export async function add(options: GlobalOptions & { kms?: string }, file?: string): Promise<Outcome> {
  if ((file === undefined) === (options.kms === undefined)) {
    throw new HoldfastError('usage', 'name a key file, or a key of the key service with --kms', {
      hints: ['holdfast key add new.key', 'holdfast key add --kms alias/holdfast'],
    });
  }
  const { config } = await configured(options);
  refuseEmptied(config);
  const current = await currentKey(config);
  const added = await openMasterKey(
    file === undefined ? { kind: 'kms', keyId: options.kms ?? '' } : { kind: 'file', path: userPath(file) },
  );
  if (added === undefined) throw new HoldfastError('key_invalid', 'there is no such key');
  const stores = await withStores(config, (all) => addMasterKey(all, current, added));
  const { fingerprint } = added;
  const text =
    stores.length === 0 ? `${fingerprint} was known already` : `${fingerprint} opens ${stores.join(', ')} now`;
  return { json: { fingerprint, stores }, text };
}

export async function retire(options: GlobalOptions, fingerprint = ''): Promise<Outcome> {
  const { config } = await configured(options);
  // What is away would keep the key that nobody has any more, and know no other.
  refuseEmptied(config);
  const current = await currentKey(config);
  const known = await withStores(config, listMasterKeys);
  if (!known.some((key) => key.fingerprint === fingerprint)) {
    const near = nearestName(
      fingerprint,
      known.map((key) => key.fingerprint),
    );
    throw new HoldfastError('usage', `no store knows the key ${fingerprint}`, {
      hints: [...(near === undefined ? [] : [`did you mean "${near}"?`]), 'holdfast key list'],
    });
  }
  await confirm(`${fingerprint} will open no backup any more`, options);
  const retired = await withStores(config, (all) => retireMasterKey(all, current, fingerprint));
  const hidden = retired.hidden.map(
    ({ store, until }) => `in ${store} its entry is locked until ${until}: it is hidden, and goes no sooner`,
  );
  const said = `${fingerprint} opens ${retired.stores.join(', ')} no more`;
  return { json: { fingerprint, ...retired }, text: [said, ...hidden].join('\n') };
}

async function currentKey(config: Config): Promise<MasterKey> {
  const key = await openMasterKey(keySourceOf(config));
  if (key !== undefined) return key;
  throw new HoldfastError('key_wrong', 'no key is configured', {
    hints: ['a repository that was begun without a key stays without one: encrypted backups need a new, empty store'],
  });
}

/** All of them: a key that only some know would open half of the backups. @throws HoldfastError of the first store that does not answer */
async function withStores<T>(config: Config, work: (stores: Store[]) => Promise<T>): Promise<T> {
  const stores = await Promise.all(Object.entries(config.stores).map(([name, one]) => openConfiguredStore(name, one)));
  try {
    return await work(stores);
  } finally {
    await Promise.all(stores.map((store) => store.close()));
  }
}
