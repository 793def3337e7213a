/** Is there an engine, or can one be started? */
import { accessSync, constants } from 'node:fs';
import path from 'node:path';
import type { LoadedConfig } from '../../domain/config/types';
import { isHoldfastError } from '../../domain/errors';
import { joinEngine } from '../engine/join';
import { type Finding, ok, problem } from './finding';

export async function checkEngine(loaded: LoadedConfig): Promise<Finding[]> {
  try {
    const engine = await joinEngine(loaded, { start: false });
    const kind = engine.embedded ? 'the embedded engine runs' : 'the Temporal server answers';
    await engine.close();
    return [ok('engine', `${kind} at ${engine.address}`)];
  } catch (error) {
    if (loaded.config.temporal !== undefined || !isHoldfastError(error) || error.code !== 'engine_unavailable')
      throw error;
  }
  const program = temporalProgram();
  if (program !== undefined) return [ok('engine', `no engine runs; the embedded one can be started (${program})`)];
  const hint =
    'run "node scripts/part.mjs temporal", put "temporal" on PATH, or name a server under temporal in the configuration';
  return [problem('missing_part', 'no engine runs, and there is no Temporal CLI to start one', hint)];
}

function temporalProgram(): string | undefined {
  const folders = (process.env.PATH ?? '').split(path.delimiter).map((folder) => path.join(folder, 'temporal'));
  return [process.env.HOLDFAST_TEMPORAL_CLI, ...folders].find((one) => one !== undefined && executable(one));
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
