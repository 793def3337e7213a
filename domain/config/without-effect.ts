/** What may be configured already, because configurations outlive versions, and changes nothing in this one: it is said, never ignored. */
import { isRecord } from './json-schema';
import { type ConfigPath, showConfigPath, valueAt } from './problems';

/** Of WAL shipping: they belong to modes that this version does not have. */
const ofWal = ['bandwidthLimit', 'retries', 'retryDelay', 'syncThreshold'];

/** One warning for each such setting in the file. */
export function withoutEffect(data: unknown): string[] {
  const paths = below(data, ['sites']).flatMap((site) =>
    below(data, [...site, 'components']).flatMap((component) => ofWal.map((key) => [...component, 'wal', key])),
  );
  return paths
    .filter((path) => valueAt(data, path) !== undefined)
    .map((path) => `${showConfigPath(path)} has no effect in this version`);
}

function below(data: unknown, path: ConfigPath): ConfigPath[] {
  const value = valueAt(data, path);
  return isRecord(value) ? Object.keys(value).map((key) => [...path, key]) : [];
}
