/** The farther store of the benchmarks: a request takes longer, many at once take no longer than one, and nothing is lost on the way. */
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { type SlowProxy, startSlowProxy } from '../../bench/slow-proxy';

const delayMs = 150;

let ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.toReversed()) await end();
  ends = [];
});

/** A server that does this with every connection, and a proxy before it. */
async function behindProxy(serve: (socket: Socket) => void): Promise<SlowProxy> {
  const open: Socket[] = [];
  const server: Server = createServer({ allowHalfOpen: true }, (socket) => {
    open.push(socket.on('error', () => undefined));
    serve(socket);
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  const proxy = await startSlowProxy(address.port, delayMs);
  ends.push(async () => {
    await proxy.stop();
    const closed = once(server, 'close');
    server.close();
    for (const socket of open) socket.destroy();
    await closed;
  });
  return proxy;
}

const to = ({ port }: SlowProxy): Socket => connect({ host: '127.0.0.1', port, allowHalfOpen: true });

test('a piece arrives no sooner than its time after it was sent, also the second of a connection', async () => {
  const proxy = await behindProxy((socket) => socket.on('data', () => socket.write(String(performance.now()))));
  const socket = to(proxy);
  for (let asked = 0; asked < 3; asked++) {
    const sent = performance.now();
    socket.write('?');
    const [arrived] = (await once(socket, 'data')) as [Buffer];
    expect(Number(String(arrived)) - sent).toBeGreaterThanOrEqual(delayMs);
  }
  socket.destroy();
});

test('pieces are on their way beside one another: none waits until the one before it has arrived', async () => {
  const pieces = Array.from({ length: 40 }, (_, piece) => piece);
  const got: number[] = [];
  const proxy = await behindProxy((socket) => {
    socket.on('data', (data: Buffer) => got.push(...data));
    socket.once('end', () => socket.end());
  });
  const socket = to(proxy).resume();
  for (const piece of pieces) {
    socket.write(Buffer.from([piece]));
    await sleep(5); // each is a piece of its own
  }
  socket.end();
  // One after another they would take twice as long; beside one another, a twentieth.
  await Promise.race([once(socket, 'close'), sleep((pieces.length * delayMs) / 2, undefined, { ref: false })]);
  expect(got).toEqual(pieces);
});

test('every byte of many connections arrives on its own, and comes back', async () => {
  const proxy = await behindProxy((socket) => socket.pipe(socket));
  const digests = Array.from({ length: 8 }, async () => {
    const bytes = randomBytes(3 << 20);
    const socket = to(proxy);
    socket.end(bytes);
    const back = createHash('sha256');
    for await (const part of socket) back.update(part as Buffer);
    expect(back.digest('hex')).toBe(createHash('sha256').update(bytes).digest('hex'));
  });
  await Promise.all(digests);
});

test('who closes first is still heard and answered', async () => {
  const proxy = await behindProxy((socket) => void text(socket).then((asked) => socket.end(`${asked}, heard`)));
  const socket = to(proxy);
  socket.end('last words');
  expect(await text(socket)).toBe('last words, heard');
});

test('a server that is gone is seen as one', async () => {
  const proxy = await behindProxy((socket) => socket.destroy());
  const socket = to(proxy)
    .resume()
    .on('error', () => undefined);
  socket.write('?');
  await once(socket, 'end');
  socket.destroy();
});
