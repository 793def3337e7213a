/** What is configured and changes nothing, since it belongs to another mode than the one chosen: it is said, never ignored. */
import { isRecord } from './json-schema';
import { type ConfigPath, showConfigPath, valueAt } from './problems';
import { type WalMode, walModes } from './types';

/** Settings of WAL shipping that only some modes look at. */
const modesOf: Record<string, WalMode[]> = { interval: ['async'], syncThreshold: ['hybrid'] };

/** One warning for each such setting in the file. */
export function withoutEffect(data: unknown): string[] {
  const components = below(data, ['sites']).flatMap((site) => below(data, [...site, 'components']));
  return components.flatMap((component) => {
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
