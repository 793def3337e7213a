/**
 * A network between two real parts that can be cut: a real TCP proxy that refuses, or swallows everything in silence.
 *
 * Swallowed is worse than a cable that was pulled: connections are taken and nobody answers, nothing is reset, and what was connected
 * before never comes back, as behind a firewall that has forgotten it. Neither end is told of the other's goodbye.
 */
import { once } from 'node:events';
import { createServer, connect as dial, type Server, type Socket } from 'node:net';

interface Pair {
  ends: [Socket, Socket];
  cut: boolean;
}

export class TcpProxy {
  private readonly pairs = new Set<Pair>();
  private swallowing = false;

  private constructor(
    private readonly server: Server,
    readonly port: number,
    private readonly target: number,
  ) {
    server.on('connection', (client) => this.join(client));
  }

  /** @param target a port of this machine */
  static async to(target: number): Promise<TcpProxy> {
    const server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no port');
    return new TcpProxy(server, address.port, target);
  }

  /** Every connection is reset, and no other one accepted. */
  async refuse(): Promise<void> {
    const closed = new Promise((resolve) => this.server.close(resolve));
    this.reset();
    await closed;
  }

  /** From now on nothing comes through, and nobody is told. */
  swallow(): void {
    this.swallowing = true;
    for (const pair of this.pairs) pair.cut = true;
  }

  /** For who connects anew. */
  async heal(): Promise<void> {
    this.swallowing = false;
    if (this.server.listening) return;
    this.server.listen(this.port, '127.0.0.1');
    await once(this.server, 'listening');
  }

  async close(): Promise<void> {
    if (this.server.listening) await this.refuse();
    else this.reset();
  }

  private reset(): void {
    for (const { ends } of this.pairs) for (const end of ends) end.resetAndDestroy();
    this.pairs.clear();
  }

  private join(client: Socket): void {
    const pair: Pair = {
      ends: [client, dial({ port: this.target, host: '127.0.0.1', allowHalfOpen: true })],
      cut: this.swallowing,
    };
    this.pairs.add(pair);
    const [near, far] = pair.ends;
    this.pass(pair, near, far);
    this.pass(pair, far, near);
  }

  private pass(pair: Pair, from: Socket, to: Socket): void {
    from.setNoDelay(true);
    from.on('data', (bytes) => {
      if (pair.cut || to.write(bytes)) return;
      from.pause();
      to.once('drain', () => from.resume());
    });
    from.on('end', () => pair.cut || to.end());
    from.on('error', () => undefined);
    from.on('close', () => {
      if (pair.cut) return;
      to.destroySoon();
      if (to.destroyed) this.pairs.delete(pair);
    });
  }
}
