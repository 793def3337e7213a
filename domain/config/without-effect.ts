/** What is configured and changes nothing, since it belongs to another mode or source of WAL than the one chosen: it is said, never ignored. */
import { isRecord } from './json-schema';
import { type ConfigPath, showConfigPath, valueAt } from './problems';
import { type WalMode, walModes } from './types';

/** Settings of WAL shipping that only some modes look at. */
const modesOf: Record<string, WalMode[]> = { interval: ['async'], syncThreshold: ['hybrid'] };

/** Settings of the receiver: a server that pushes its WAL waits for every store, and asks again by itself. */
const ofReceiver = ['quorum', 'interval', 'bandwidthLimit', 'retries', 'retryDelay', 'syncThreshold'];

const beyondLast = [
  'days',
  'weeks',
  'months',
  'years',
  'size',
  'hourly',
  'daily',
  'weekly',
  'monthly',
  'yearly',
  'stores',
];

/** Of a recovery point only the newest are counted; how long anything else may take is not limited. */
const ofOtherTiers = {
  point: [...beyondLast.map((rule) => ['keep', rule]), ['strategy'], ['retentionClass'], ['notify']],
  backup: [['timeout']],
};

/** One warning for each such setting in the file. */
export function withoutEffect(data: unknown): string[] {
  return [...walWithoutEffect(data), ...tiersWithoutEffect(data)];
}

function tiersWithoutEffect(data: unknown): string[] {
  return below(data, ['tiers']).flatMap((tier) => {
    const isPoint = valueAt(data, [...tier, 'type']) === 'point';
    return (isPoint ? ofOtherTiers.point : ofOtherTiers.backup)
      .map((key) => [...tier, ...key])
      .filter((path) => valueAt(data, path) !== undefined)
      .map((path) => `${showConfigPath(path)} has no effect ${isPoint ? 'with' : 'without'} type point`);
  });
}

function walWithoutEffect(data: unknown): string[] {
  const components = below(data, ['sites']).flatMap((site) => below(data, [...site, 'components']));
  return components.flatMap((component) => {
    if (valueAt(data, [...component, 'wal', 'source']) === 'command') {
      return ofReceiver
        .map((key) => [...component, 'wal', key])
        .filter((path) => valueAt(data, path) !== undefined)
        .map((path) => `${showConfigPath(path)} has no effect with source command: it belongs to slot`);
    }
    const mode = walModes.find((one) => one === valueAt(data, [...component, 'wal', 'mode'])) ?? 'async';
    return Object.entries(modesOf)
      .map(([key, modes]) => ({ path: [...component, 'wal', key], modes }))
      .filter(({ path, modes }) => !modes.includes(mode) && valueAt(data, path) !== undefined)
      .map(
        ({ path, modes }) => `${showConfigPath(path)} has no effect in mode ${mode}: it belongs to ${modes.join(', ')}`,
      );
  });
}

function below(data: unknown, path: ConfigPath): ConfigPath[] {
  const value = valueAt(data, path);
  return isRecord(value) ? Object.keys(value).map((key) => [...path, key]) : [];
}
