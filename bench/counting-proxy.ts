/**
 * An HTTP proxy in front of an S3 server that tells of each request before it is passed on, failed and repeated ones too.
 *
 * Guaranteed: what the service sees is what was signed: method, path, headers and body are passed as they came, and so is the answer;
 * both sides are encrypted, so that a client pays for TLS as it would with the service itself.
 * Not guaranteed: that it costs nothing. It shares the machine with what is measured.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { TlsS3 } from './s3';

export interface CountingProxy {
  endpoint: string;
  stop(): Promise<void>;
}

/** Longer than a shipper is silent: a connection that closes under a request would make it come twice. */
const idleMs = 60_000;

export async function startCountingProxy(
  { port, certificate, key }: Pick<TlsS3, 'port' | 'certificate' | 'key'>,
  onRequest: (method: string, url: string) => void,
): Promise<CountingProxy> {
  const cert = readFileSync(certificate);
  const agent = new https.Agent({ ca: cert, keepAlive: true });
  const server = https.createServer({ cert, key: readFileSync(key), keepAliveTimeout: idleMs }, (asked, answer) => {
    const { method = '', url = '' } = asked;
    onRequest(method, url);
    pass(asked, answer, port, agent);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    endpoint: `https://127.0.0.1:${address.port}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      agent.destroy();
      await closed;
    },
  };
}

function pass(asked: IncomingMessage, answer: ServerResponse, port: number, agent: https.Agent): void {
  const { method, url: path, rawHeaders: headers } = asked;
  const passed = https.request({ host: '127.0.0.1', port, agent, method, path, headers, setHost: false });
  passed.on('response', (said) => {
    answer.writeHead(said.statusCode ?? 502, said.rawHeaders);
    said.pipe(answer);
    said.once('error', () => answer.destroy());
  });
  passed.once('error', () => answer.destroy());
  answer.once('close', () => {
    if (!answer.writableFinished) passed.destroy();
  });
  asked.pipe(passed);
}
