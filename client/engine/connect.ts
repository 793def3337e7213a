/** Connections to a Temporal server: retried while it starts, with TLS, API key and profile from the configuration or the environment. */
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { Client, Connection } from '@temporalio/client';
import type { TLSConfig } from '@temporalio/common/lib/internal-non-workflow';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { resolveSecret } from '../../components/config-file/secrets';
import type { TemporalConfig } from '../../domain/config/types';
import { HoldfastError } from '../../domain/errors';

export interface ConnectOptions {
  address: string;
  namespace: string;
  tls?: TLSConfig | boolean;
  apiKey?: string;
}

/** The configuration wins; what it leaves open comes from Temporal's own environment variables and profile file. */
export async function connectOptions(temporal: TemporalConfig): Promise<ConnectOptions> {
  const { connectionOptions } = loadClientConnectConfig();
  const { tls, apiKey } = temporal;
  return {
    address: temporal.address,
    namespace: temporal.namespace,
    tls:
      tls === undefined ? (connectionOptions.tls ?? undefined) : typeof tls === 'boolean' ? tls : await tlsFiles(tls),
    apiKey: apiKey === undefined ? (connectionOptions.apiKey as string | undefined) : await resolveSecret(apiKey),
  };
}

async function tlsFiles(tls: Exclude<NonNullable<TemporalConfig['tls']>, boolean>): Promise<TLSConfig> {
  const read = (file: string | undefined) => (file === undefined ? undefined : readFile(file));
  const [ca, crt, key] = await Promise.all([read(tls.ca), read(tls.cert), read(tls.key)]);
  return {
    serverNameOverride: tls.serverName,
    serverRootCACertificate: ca,
    clientCertPair: crt && key ? { crt, key } : undefined,
  };
}

/** @throws HoldfastError `engine_unavailable` when nothing answers within the time */
export async function connectClient(
  options: ConnectOptions,
  withinMs: number,
  say: (line: string) => void,
): Promise<Client> {
  const connection = await patiently(options, withinMs, say, () =>
    Connection.connect({
      address: options.address,
      tls: options.tls,
      apiKey: options.apiKey,
      connectTimeout: '5 seconds',
    }),
  );
  return new Client({ connection, namespace: options.namespace });
}

/** Asks again until it answers. @throws HoldfastError `engine_unavailable` when nothing does within the time */
export async function patiently<T>(
  { address }: ConnectOptions,
  withinMs: number,
  say: (line: string) => void,
  connect: () => Promise<T>,
): Promise<T> {
  const deadline = Date.now() + withinMs;
  for (let tries = 1; ; tries++) {
    try {
      return await connect();
    } catch (cause) {
      if (Date.now() >= deadline) {
        throw new HoldfastError('engine_unavailable', `no Temporal server answers at ${address}`, {
          cause,
          hints: [
            'start it, or correct `temporal.address` in the configuration; without `temporal:` an embedded engine is used',
          ],
        });
      }
      if (tries % 10 === 1) say(`waiting for the Temporal server at ${address}`);
      await delay(Math.min(500, Math.max(50, deadline - Date.now())));
    }
  }
}
