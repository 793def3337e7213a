/**
 * A TCP proxy that makes whatever is behind it farther away: each piece of what a client sends arrives a fixed time later.
 *
 * Guaranteed: a request takes that time longer, whether it is alone or one of many on their way, since pieces wait beside one another
 * and not one after another; every byte arrives, in order, on a connection of its own; the end of either side is passed on.
 * Not guaranteed: that a request costs the time once. Whoever asks in several steps (a new TLS connection, a body that waits for
 * leave) is delayed at each, as with a real distance.
 */
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface SlowProxy {
  port: number;
  stop(): Promise<void>;
}

interface Waiting {
  due: number;
  /** Absent: the client says nothing more. */
  bytes?: Buffer;
}

/** @param port of what is behind it, on this machine */
export async function startSlowProxy(port: number, delayMs: number): Promise<SlowProxy> {
  const open = new Set<Socket>();
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (client) => {
    const target = connect({ host: '127.0.0.1', port, allowHalfOpen: true, noDelay: true });
    for (const [one, other] of [
      [client, target],
      [target, client],
    ] as const) {
      open.add(one);
      one.once('error', () => other.destroy());
      one.once('close', () => {
        open.delete(one);
        // In the midst of a connection one side is of no use without the other.
        if (!one.readableEnded) other.destroy();
      });
    }
    passLater(client, target, delayMs);
    target.pipe(client);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the proxy has no port');
  return {
    port: address.port,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      for (const one of open) one.destroy();
      await closed;
    },
  };
}

function passLater(from: Socket, to: Socket, delayMs: number): void {
  const waiting: Waiting[] = [];
  let timer: NodeJS.Timeout | undefined;
  let held = false;
  const pass = () => {
    timer = undefined;
    for (let first = waiting[0]; first && !held; first = waiting[0]) {
      const early = first.due - performance.now();
      if (early > 0) {
        timer = setTimeout(pass, early);
        return;
      }
      waiting.shift();
      if (first.bytes === undefined) to.end();
      else if (!to.write(first.bytes)) hold();
    }
  };
  // Whoever is behind it and does not keep up slows the client down, as without us.
  const hold = () => {
    held = true;
    from.pause();
    to.once('drain', () => {
      held = false;
      from.resume();
      pass();
    });
  };
  const add = (bytes?: Buffer) => {
    waiting.push({ due: performance.now() + delayMs, bytes });
    if (!held) timer ??= setTimeout(pass, delayMs);
  };
  from.on('data', add);
  from.once('end', () => add());
  to.once('close', () => clearTimeout(timer));
}
