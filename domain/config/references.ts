/**
 * Names in a configuration that refer to other names in it: stores of tiers and of WAL, components of tiers and of the
 * restore order. Works on the raw data, so that these problems are told together with those of form.
 */
import { isRecord } from './json-schema';
import { type ConfigPath, notOneOf, type Problem, valueAt } from './problems';

export function referenceProblems(data: unknown): Problem[] {
  const stores = keys(data, ['stores']);
  const components = new Set(keys(data, ['sites']).flatMap((site) => keys(data, ['sites', site, 'components'])));
  // Without `stores` the environment names them, and nothing can be said here.
  const toStores = (path: ConfigPath): Problem[] => (stores.length === 0 ? [] : unknownNames(data, path, stores));
  return [
    ...keys(data, ['tiers']).flatMap((tier) => [
      ...toStores(['tiers', tier, 'to']),
      ...toStores(['tiers', tier, 'copies', 'to']),
      ...moves(data, tier).flatMap((at) => unknownName(data, ['tiers', tier, 'move', at, 'store'], stores)),
      ...unknownKeys(data, ['tiers', tier, 'keep', 'stores'], stores),
      ...unknownNames(data, ['tiers', tier, 'components'], [...components]),
      ...unknownTargets(data, ['tiers', tier, 'notify']),
    ]),
    ...unknownTargets(data, ['retention', 'notify']),
    ...unknownTargets(data, ['notifications', 'alerts']),
    ...unknownNames(data, ['restore', 'order'], [...components]),
    ...toStores(['verification', 'trust']),
    ...keys(data, ['sites']).flatMap((site) =>
      keys(data, ['sites', site, 'components']).flatMap((name) =>
        toStores(['sites', site, 'components', name, 'wal', 'to']),
      ),
    ),
    ...keys(data, ['stores']).flatMap((store) => halfCredentials(data, ['stores', store])),
  ];
}

function keys(data: unknown, path: ConfigPath): string[] {
  const value = valueAt(data, path);
  return isRecord(value) ? Object.keys(value) : [];
}

function moves(data: unknown, tier: string): number[] {
  const list = valueAt(data, ['tiers', tier, 'move']);
  return Array.isArray(list) ? list.map((_, at) => at) : [];
}

function unknownName(data: unknown, path: ConfigPath, known: string[]): Problem[] {
  const one = valueAt(data, path);
  return typeof one !== 'string' || known.length === 0 || known.includes(one)
    ? []
    : [{ path, message: notOneOf(one, known) }];
}

function unknownNames(data: unknown, path: ConfigPath, known: string[]): Problem[] {
  const list = valueAt(data, path);
  if (!Array.isArray(list)) return [];
  return list.flatMap((one: unknown, at) =>
    typeof one !== 'string' || known.includes(one) ? [] : [{ path: [...path, at], message: notOneOf(one, known) }],
  );
}

function unknownTargets(data: unknown, path: ConfigPath): Problem[] {
  const known = keys(data, ['notifications', 'targets']);
  if (known.length > 0) return unknownNames(data, path, known);
  const none = 'expected the name of a target, and there is none below notifications.targets';
  return unknownNames(data, path, []).map((problem) => ({ ...problem, message: none }));
}

function unknownKeys(data: unknown, path: ConfigPath, known: string[]): Problem[] {
  if (known.length === 0) return [];
  return keys(data, path).flatMap((one) =>
    known.includes(one) ? [] : [{ path: [...path, one], atKey: true, message: notOneOf(one, known) }],
  );
}

/** A key id without its key would make the cloud's client fall back to other credentials, in silence. */
function halfCredentials(data: unknown, path: ConfigPath): Problem[] {
  const has = (key: string): boolean => valueAt(data, [...path, key]) !== undefined;
  if (has('accessKeyId') === has('secretAccessKey')) return [];
  const missing = has('accessKeyId') ? 'secretAccessKey' : 'accessKeyId';
  return [{ path, message: `missing ${missing}: expected both accessKeyId and secretAccessKey, or neither` }];
}
