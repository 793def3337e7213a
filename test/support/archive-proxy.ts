/**
 * An archive before a real S3 server that has none: what is put or copied into `GLACIER` or `DEEP_ARCHIVE` answers `InvalidObjectState` until somebody
 * asked for it (`RestoreObject`) and some time has passed, and is copied from as little. Everything else goes through untouched, signatures too.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type Server, type ServerResponse } from 'node:http';

const archives = new Set(['GLACIER', 'DEEP_ARCHIVE']);

interface Frozen {
  storageClass: string;
  /** When it can be read; absent: nobody asked. */
  readableAt?: number;
}

export class ArchiveProxy {
  /** By path: `/bucket/key`. */
  readonly frozen = new Map<string, Frozen>();
  asked = 0;
  /** So many more objects freeze; whoever asks for another gets no answer, and is counted in `held`. */
  freezes = Number.POSITIVE_INFINITY;
  held = 0;

  private constructor(
    private readonly server: Server,
    private readonly target: URL,
    private readonly thawMs: number,
  ) {
    server.on('request', (from, to) => this.answer(from, to));
  }

  static async to(endpoint: string, thawMs: number): Promise<ArchiveProxy> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new ArchiveProxy(server, new URL(endpoint), thawMs);
  }

  get endpoint(): string {
    const address = this.server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return `http://127.0.0.1:${address.port}`;
  }

  async close(): Promise<void> {
    const closed = once(this.server, 'close');
    this.server.close();
    this.server.closeAllConnections();
    await closed;
  }

  private answer(from: IncomingMessage, to: ServerResponse): void {
    const { pathname, searchParams } = new URL(from.url ?? '/', 'http://proxy');
    const object = this.frozen.get(pathname);
    if (from.method === 'POST' && searchParams.has('restore')) this.restore(from, to, object);
    else if (from.method === 'GET' && !searchParams.has('retention') && object && !isReadable(object)) {
      refuse(to, 403, 'InvalidObjectState', 'The operation is not valid for the object’s storage class');
    } else if (this.isCopyOfFrozen(from)) {
      from.resume();
      refuse(to, 403, 'InvalidObjectState', 'Operation is not valid for the source object’s storage class');
    } else if (archives.has(classOf(from)) && this.freezes-- <= 0) {
      from.resume();
      this.held++;
    } else this.passOn(from, to, pathname);
  }

  private isCopyOfFrozen({ headers }: IncomingMessage): boolean {
    const source = headers['x-amz-copy-source'];
    if (typeof source !== 'string') return false;
    const object = this.frozen.get(`/${decodeURIComponent(source).replace(/^\//, '')}`);
    return object !== undefined && !isReadable(object);
  }

  private passOn(from: IncomingMessage, to: ServerResponse, pathname: string): void {
    const storageClass = classOf(from);
    this.pass(from, to, (status) => {
      if (from.method !== 'PUT' || status >= 300) return;
      if (archives.has(storageClass)) this.frozen.set(pathname, { storageClass });
      else this.frozen.delete(pathname);
    });
  }

  private restore(from: IncomingMessage, to: ServerResponse, object: Frozen | undefined): void {
    from.resume();
    if (object === undefined) refuse(to, 403, 'InvalidObjectState', 'Restore is not allowed for this class');
    else if (object.readableAt !== undefined && !isReadable(object)) {
      refuse(to, 409, 'RestoreAlreadyInProgress', 'Object restore is already in progress');
    } else {
      this.asked++;
      object.readableAt = Date.now() + this.thawMs;
      to.writeHead(202).end();
    }
  }

  private pass(from: IncomingMessage, to: ServerResponse, done: (status: number) => void): void {
    const { hostname, port } = this.target;
    const { method, headers, url } = from;
    const onwards = request({ hostname, port, method, headers, path: url }, (answer) => {
      const status = answer.statusCode ?? 502;
      done(status);
      const object = this.frozen.get(new URL(url ?? '/', 'http://proxy').pathname);
      to.writeHead(status, { ...answer.headers, ...(method === 'HEAD' && object ? headersOf(object) : {}) });
      answer.pipe(to);
    });
    onwards.on('error', () => to.destroy());
    from.pipe(onwards);
  }
}

function classOf({ headers }: IncomingMessage): string {
  return String(headers['x-amz-storage-class'] ?? '');
}

function isReadable({ readableAt }: Frozen): boolean {
  return readableAt !== undefined && readableAt <= Date.now();
}

function headersOf(object: Frozen): Record<string, string> {
  const { storageClass, readableAt } = object;
  if (readableAt === undefined) return { 'x-amz-storage-class': storageClass };
  const until = new Date(readableAt + 86_400_000).toUTCString();
  const restore = isReadable(object) ? `ongoing-request="false", expiry-date="${until}"` : 'ongoing-request="true"';
  return { 'x-amz-storage-class': storageClass, 'x-amz-restore': restore };
}

function refuse(to: ServerResponse, status: number, code: string, message: string): void {
  const body = `<?xml version="1.0" encoding="UTF-8"?><Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  to.writeHead(status, { 'content-type': 'application/xml' }).end(body);
}
