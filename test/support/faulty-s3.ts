/**
 * A way to a real S3 server on which one request goes wrong: an HTTP proxy of ours that counts what passes and does one of these to the one it was armed
 * for. Everything else passes as it came: method, path, headers and body are what was signed.
 *
 * `error`: the server is not asked, and 503 comes back, to the client's own second attempt too. `timeout`: nothing comes back, to neither of them. `slow`:
 * the answer takes a second longer. `truncated`: the body of an answer, or of what is put, ends in its middle with the connection. `lost`: it is done, and the
 * acknowledgement is lost with the connection. `duplicate`: the server gets it twice, and the second answer comes back.
 */
import { once } from 'node:events';
import { Agent, createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export const storeFaults = ['error', 'timeout', 'slow', 'truncated', 'lost', 'duplicate'] as const;
export type StoreFault = (typeof storeFaults)[number];

interface Answer {
  status: number;
  headers: string[];
  body: Buffer;
}

export class FaultyS3 {
  /** `METHOD /path` of what passed since it was armed and is counted. */
  readonly passed: string[] = [];
  /** The request it happened to. */
  happened?: string;
  /** By how much its clock, which it tells with each answer, goes before the real one. */
  aheadMs = 0;
  private armed?: { fault: StoreFault; nth: number };
  private readonly agent = new Agent({ keepAlive: true });

  private constructor(
    private readonly server: Server,
    private readonly target: number,
    private readonly counted: (path: string) => boolean,
  ) {
    server.on('request', (asked, answer) => {
      this.handle(asked, answer).catch(() => answer.destroy());
    });
  }

  /** @param counted which paths are positions that a fault may come at */
  static async before(endpoint: string, counted: (path: string) => boolean): Promise<FaultyS3> {
    const server = createServer({ keepAliveTimeout: 60_000 }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new FaultyS3(server, Number(new URL(endpoint).port), counted);
  }

  get endpoint(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  /** Counts anew; without a fault nothing goes wrong. @param nth from 1 */
  arm(fault?: StoreFault, nth = 1): void {
    this.passed.length = 0;
    this.happened = undefined;
    this.armed = fault === undefined ? undefined : { fault, nth };
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    this.agent.destroy();
    await closed;
  }

  private async handle(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const fault = this.faultOf(asked);
    if (fault === 'timeout') return; // until the client has had enough of it
    const body = await bodyOf(asked);
    if (fault === 'error') return reply(answer, unavailable);
    if (fault === 'truncated' && body.length > 0) {
      this.pass(asked, body.subarray(0, body.length / 2), true).catch(() => undefined);
      await pause(100); // the server has half of it by then
      answer.destroy();
      return;
    }
    if (fault === 'duplicate') await this.pass(asked, body);
    const said = await this.pass(asked, body);
    if (fault === 'slow') await pause(1000);
    if (fault === 'lost') answer.destroy();
    else if (fault === 'truncated') cut(answer, said);
    else reply(answer, said);
  }

  private faultOf({ method = '', url = '' }: IncomingMessage): StoreFault | undefined {
    const path = decodeURIComponent(url.split('?')[0] ?? '');
    const what = `${method} ${url}`;
    if (!this.counted(path)) return undefined;
    this.passed.push(what);
    const { armed } = this;
    if (armed === undefined) return undefined;
    if (this.happened === undefined && this.passed.length === armed.nth) {
      this.happened = what;
      return armed.fault;
    }
    // The client's own next attempt: what it does not see was never tried.
    if (this.happened !== what || !['error', 'timeout'].includes(armed.fault)) return undefined;
    this.armed = undefined;
    return armed.fault;
  }

  /** Names and values take turns. */
  private dated(headers: string[]): string[] {
    if (this.aheadMs === 0) return headers;
    const now = new Date(Date.now() + this.aheadMs).toUTCString();
    return headers.map((one, place) => (headers[place - 1]?.toLowerCase() === 'date' && place % 2 === 1 ? now : one));
  }

  private async pass(asked: IncomingMessage, body: Buffer, cutOff = false): Promise<Answer> {
    const { method, url: path, rawHeaders: headers } = asked;
    const { agent, target: port } = this;
    const passed = request({ host: '127.0.0.1', port, agent, method, path, headers, setHost: false });
    if (cutOff) {
      passed.once('error', () => undefined);
      passed.write(body, () => passed.destroy());
      return unavailable;
    }
    passed.end(body);
    const [said] = (await once(passed, 'response')) as [IncomingMessage];
    return { status: said.statusCode ?? 502, headers: this.dated(said.rawHeaders), body: await bodyOf(said) };
  }
}

const unavailable: Answer = {
  status: 503,
  headers: ['Content-Type', 'application/xml'],
  body: Buffer.from('<Error><Code>SlowDown</Code><Message>please reduce your request rate</Message></Error>'),
};

async function bodyOf(message: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of message) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

function reply(answer: ServerResponse, { status, headers, body }: Answer): void {
  answer.writeHead(status, headers);
  answer.end(body);
}

/** The head says how long it would have been. */
function cut(answer: ServerResponse, { status, headers, body }: Answer): void {
  answer.writeHead(status, headers);
  answer.write(body.subarray(0, Math.floor(body.length / 2)), () => answer.destroy());
}
