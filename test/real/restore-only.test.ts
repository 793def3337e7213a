/** Break-glass with credentials that may only read: no lease can be taken, and the restore goes on and says so. */
import { once } from 'node:events';
import { createServer, request, type Server } from 'node:http';
import { tableSums } from '../support/proof';
import { TestSystem } from '../support/system';
import { placeFor, proveCopy } from './whole-chain';

let system: TestSystem;
let proxy: Server;
let readOnly = false;
let refused: string[] = [];

/** A way to the S3 server on which whatever changes anything can be refused, as a policy does. */
async function between(endpoint: string): Promise<string> {
  const target = Number(new URL(endpoint).port);
  proxy = createServer((asked, answer) => {
    const { method = '', url = '' } = asked;
    if (readOnly && method !== 'GET' && method !== 'HEAD') {
      refused.push(`${method} ${url}`);
      asked.resume();
      answer.writeHead(403, { 'content-type': 'application/xml' });
      answer.end('<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>');
      return;
    }
    const on = request({ port: target, host: '127.0.0.1', method, path: url, headers: asked.headers }, (from) => {
      answer.writeHead(from.statusCode ?? 500, from.headers);
      from.pipe(answer);
    });
    on.on('error', () => answer.destroy());
    asked.pipe(on);
  }).listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  const address = proxy.address();
  if (address === null || typeof address === 'string') throw new Error('no port');
  return `http://127.0.0.1:${address.port}`;
}

beforeAll(async () => {
  system = await TestSystem.create({ store: 's3', between: ({ endpoint }) => between(endpoint) });
  await system.cluster.psql('create table t (id int primary key); insert into t select generate_series(1, 1000)');
}, 120_000);
afterAll(async () => {
  await system?.destroy();
  proxy?.closeAllConnections();
  proxy?.close();
});

test('a restore on its own goes on with a warning where the store lets nobody write', async () => {
  expect(await system.procedure('backup')).toMatchObject({ status: 'completed' });
  const sums = await tableSums(system.cluster);
  [readOnly, refused] = [true, []];
  const { to, database } = placeFor(system, 'out');
  const restored = await system.procedure('restore', 'latest', '--at', 'end-of-backup', '--to', to);
  expect(restored).toMatchObject({ status: 'completed', receipt: null });
  expect(restored.warnings.join('\n')).toContain('no lease could be taken in hot');
  expect(refused.some((one) => one.includes('/leases/'))).toBe(true);
  await proveCopy(system, database, sums);
}, 180_000);
