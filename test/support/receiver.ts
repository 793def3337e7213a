/** A server that takes webhooks and keeps what it was sent; it answers as it is told. */
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { NoticeDocument } from '../../domain/notifications/notice';

export interface Received {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** Of what was posted. */
  documents(): NoticeDocument[];
  close(): Promise<void>;
}

/** `never`: it takes what comes and says nothing. */
export type Answer = { status: number; headers?: Record<string, string> } | 'never';

export async function startReceiver(answer: (number: number) => Answer = () => ({ status: 204 })): Promise<Receiver> {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request;
      received.push({ method, path, headers, body: Buffer.concat(chunks).toString() });
      const told = answer(received.length);
      if (told !== 'never') response.writeHead(told.status, told.headers).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    received,
    documents: () => received.filter(({ body }) => body !== '').map(({ body }) => JSON.parse(body) as NoticeDocument),
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
