/** What a command gets of the engine that runs the procedures: a client that is connected, and how to let go of it. */
import type { Client } from '@temporalio/client';
import type { LoadedConfig } from '../../domain/config/types';

export interface Engine {
  client: Client;
  address: string;
  /** Address of the Web UI, where there is one. */
  ui?: string;
  /** Whether it is the embedded server and not a configured one. */
  embedded: boolean;
  /** Whether this process started it: {@link Engine.close} then ends it. */
  owned: boolean;
  close(): Promise<void>;
}

/**
 * Joins the engine of the configuration.
 * With `start: false` nothing is started: @throws HoldfastError `engine_unavailable` when none answers.
 */
export type JoinEngine = (config: LoadedConfig, options: { start: boolean }) => Promise<Engine>;
