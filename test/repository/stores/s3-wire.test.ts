/** What goes over the wire, and answers that a real server gives too seldom to wait for. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { openStore, type S3StoreConfig } from '../../../repository/stores/open';

interface Scripted {
  config: S3StoreConfig;
  requests: IncomingMessage[];
  bodies: Buffer[];
  close(): Promise<void>;
}

/** Answers with these statuses in turn, then with 200. */
async function scripted(statuses: number[]): Promise<Scripted> {
  const requests: IncomingMessage[] = [];
  const bodies: Buffer[] = [];
  const server: Server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('end', () => {
      bodies.push(Buffer.concat(parts));
      response.statusCode = statuses[requests.length] ?? 200;
      requests.push(request);
      response.end();
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  const access = { accessKeyId: 'a', secretAccessKey: 'b' };
  return {
    config: { kind: 's3', bucket: 'bucket', endpoint: `http://127.0.0.1:${port}`, ...access },
    requests,
    bodies,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

describe('an s3 store on the wire', () => {
  test('sends checksum, condition, and the storage class of packs only', async () => {
    const { config, requests, close } = await scripted([]);
    const store = openStore('s3', { ...config, storageClass: 'STANDARD_IA' });
    await store.put('backups/b/packs/0', Buffer.from('abc'), { ifAbsent: true });
    await store.put('backups/b/sealed', Buffer.from('abc'));
    const [pack, sealed] = requests.map(({ headers }) => headers);
    expect(pack).toMatchObject({
      'if-none-match': '*',
      'x-amz-checksum-sha256': 'ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=',
      'x-amz-content-sha256': 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
      'x-amz-storage-class': 'STANDARD_IA',
      'content-length': '3',
    });
    expect(sealed).not.toHaveProperty('x-amz-storage-class');
    expect(sealed).not.toHaveProperty('if-none-match');
    await store.close();
    await close();
  });

  test('has packs copied into the class of the store, and streams for a while what the service refuses to copy', async () => {
    const { config, requests, close } = await scripted([500, 500, 403]);
    const from = openStore('from', { ...config, bucket: 'source', prefix: 'p' });
    const to = openStore('to', { ...config, storageClass: 'STANDARD_IA' });
    const pack = 'backups/b/packs/0';
    await expect(to.takeFrom?.(from, pack)).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(requests.at(-1)?.headers).toMatchObject({
      'x-amz-copy-source': 'source/p/backups/b/packs/0',
      'x-amz-checksum-algorithm': 'SHA256',
      'x-amz-storage-class': 'STANDARD_IA',
    });
    const before = requests.length;
    expect(await to.takeFrom?.(from, pack)).toBe(false);
    expect(await to.takeFrom?.(from, pack)).toBe(false);
    expect(requests).toHaveLength(before + 1);
    const other = openStore('other', { ...config, accessKeyId: 'another' });
    expect(await other.takeFrom?.(from, pack)).toBe(false);
    expect(requests).toHaveLength(before + 1);
    await Promise.all([from.close(), to.close(), other.close()]);
    await close();
  });

  test('asks again after a conflict, and takes a refused condition for an answer', async () => {
    const { config, requests, close } = await scripted([409, 409, 200, 409, 412]);
    const store = openStore('s3', config);
    expect(await store.put('a', Buffer.from('x'), { ifAbsent: true })).toBe('created');
    expect(await store.put('a', Buffer.from('x'), { ifAbsent: true })).toBe('exists');
    expect(requests).toHaveLength(5);
    await store.close();
    await close();
  });

  test('tries a failing server again, and says in the end that it is unavailable', async () => {
    const { config, requests, close } = await scripted([503, 200, 500, 500, 500, 500]);
    const store = openStore('s3', config);
    expect(await store.put('a', Buffer.from('x'))).toBe('created');
    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({ code: 'store_unavailable' });
    expect(requests.length).toBeLessThanOrEqual(5);
    await store.close();
    await close();
  });

  test('sends a large body in pieces and as one request, again after a failure, and not after a refusal', async () => {
    const { config, requests, bodies, close } = await scripted([503, 200, 500, 500, 403]);
    const store = openStore('s3', config);
    const body = randomBytes(3 * 1024 * 1024 + 5);
    const shared = Buffer.from(new SharedArrayBuffer(body.length + 7), 7);
    shared.set(body);
    expect(await store.put('a', shared)).toBe('created');
    await expect(store.put('a', shared)).rejects.toMatchObject({ code: 'store_unavailable' });
    await expect(store.put('a', shared)).rejects.toMatchObject({ code: 'store_denied' });
    expect(requests.map(({ headers }) => headers['content-length'])).toEqual(Array(5).fill(String(body.length)));
    expect(requests[0]?.headers).not.toHaveProperty('transfer-encoding');
    expect(bodies.every((sent) => sent.equals(body))).toBe(true);
    await store.close();
    await close();
  });

  test.each([
    [507, 'store_full'],
    [403, 'store_denied'],
    [429, 'store_unavailable'],
  ])('takes status %i for %s', async (status, code) => {
    const { config, close } = await scripted([status, status, status]);
    const store = openStore('s3', config);
    await expect(store.put('a', Buffer.from('x'))).rejects.toMatchObject({ code });
    await store.close();
    await close();
  });
});
