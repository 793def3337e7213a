/** What every command is given: how it was asked to speak, and the configuration when it needs one. */
import { loadConfig } from '../components/config-file/load';
import type { LoadedConfig } from '../domain/config/types';
import { say } from './output/say';

/** Options that every command understands. */
export interface GlobalOptions {
  json?: boolean;
  config?: string;
  yes?: boolean;
}

/** What a command leaves behind: its one JSON document, what people read instead, and the exit code. */
export interface Outcome {
  /** Printed with `--json`, and nothing else on stdout then; undefined: the command has answered already. */
  json: unknown;
  /** Printed on stdout without `--json`. */
  text?: string;
  exit?: number;
}

/** @throws HoldfastError `config_not_found`, `config_invalid` */
export function configured(options: GlobalOptions): Promise<LoadedConfig> {
  return loadConfig(options.config);
}

/** As {@link configured}, for the commands that are about the configuration or run for long: its warnings go to stderr. */
export async function configuredWithWarnings(options: GlobalOptions): Promise<LoadedConfig> {
  const loaded = await configured(options);
  for (const warning of loaded.warnings) say(`warning: ${warning}`);
  return loaded;
}
