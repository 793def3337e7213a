/**
 * A worker's connection to the Temporal server. In a file of its own, to be loaded by who becomes a worker and nobody else: the SDK for
 * workers brings a native core and a bundler with it, which a command that only asks would load for half of its time.
 */
import { NativeConnection } from '@temporalio/worker';
import { type ConnectOptions, patiently } from './connect';

/** @throws HoldfastError `engine_unavailable` when nothing answers within the time */
export async function connectWorker(
  options: ConnectOptions,
  withinMs: number,
  say: (line: string) => void,
): Promise<NativeConnection> {
  return patiently(options, withinMs, say, () =>
    NativeConnection.connect({ address: options.address, tls: options.tls, apiKey: options.apiKey }),
  );
}
