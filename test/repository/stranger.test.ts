/** A reader written from docs/format.md alone, with nothing of ours: if it fails, the page or the format has changed. */
import { createDecipheriv, createHash, hkdfSync } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { zstdDecompressSync } from 'node:zlib';
import { folder, keyFile, makeBackup, open, removeAll, secretName, secretText } from './made';

afterAll(removeAll);

const backup = 'shop_full_20260101_000000';

function derive(from: Buffer, label: string, salt = Buffer.alloc(0)): Buffer {
  return Buffer.from(hkdfSync('sha256', from, salt, `holdfast ${label} v1`, 32));
}

function gcm(key: Buffer, nonce: Buffer, sealed: Buffer, associated: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce).setAAD(associated);
  decipher.setAuthTag(sealed.subarray(-16));
  return Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
}

function unwrap(key: Buffer, wrapped: string, associated: string): Buffer {
  const bytes = Buffer.from(wrapped, 'base64');
  return gcm(key, bytes.subarray(0, 12), bytes.subarray(12), Buffer.from(associated));
}

/** Plaintext of every frame. */
function unseal(object: Buffer, key: Buffer, context: string): Buffer[] {
  const header = Buffer.from(object.subarray(0, 64));
  const own = derive(key, 'object', header.subarray(16, 48));
  const frames: Buffer[] = [];
  for (let at = 64, last = false; !last; ) {
    const word = object.readUInt32LE(at);
    const length = word & 0x0fffffff;
    last = word >>> 31 === 1;
    const nonce = Buffer.alloc(12);
    nonce.writeUInt32BE(frames.length, 4);
    nonce.writeUInt32BE(last ? 1 : 0, 8);
    const hash = createHash('sha256').update(context).digest();
    const associated = Buffer.concat([hash, header, object.subarray(at, at + 4)]);
    const payload = gcm(own, nonce, object.subarray(at + 4, at + 20 + length), associated);
    frames.push((word & 0x40000000) === 0 ? zstdDecompressSync(payload) : payload);
    at += 20 + length;
  }
  return frames;
}

test('a backup can be read by a stranger who has the documentation, the store and the key file', async () => {
  const root = await folder();
  const keySource = await keyFile();
  await makeBackup((await open({ roots: [root], keySource })).copy(), backup);

  const read = async (key: string) => await readFile(path.join(root, key));
  const master = Buffer.from(await readFile(keySource.path, 'utf8'), 'base64');
  const repository = JSON.parse((await read('repository.json')).toString());
  const id: string = repository.repositoryId;
  const repositoryKey = unwrap(master, repository.key.wrapped, `repository key of ${id}`);
  const metadata = derive(repositoryKey, 'metadata');
  const document = async (key: string) => {
    const frames = unseal(await read(key), metadata, `document/${id}/${key}`);
    return JSON.parse(Buffer.concat(frames).toString());
  };
  const wrapped = JSON.parse((await read(`backups/${backup}/key.json`)).toString()).wrapped;
  const dataKey = unwrap(derive(repositoryKey, 'data key wrapping'), wrapped, `data key of ${id}/${backup}`);

  const sealed = await document(`backups/${backup}/sealed`);
  const texts: string[] = [];
  for (const { key, sha256 } of sealed.components.config.indexes) {
    expect(
      createHash('sha256')
        .update(await read(key))
        .digest('hex'),
    ).toBe(sha256);
    for (const { pack, object, slices } of (await document(key)).packs) {
      const frames = unseal(await read(object), dataKey, `pack/${backup}/config/${pack}`);
      const index = JSON.parse((frames.pop() ?? '').toString());
      expect(index.slices).toEqual(slices);
      const plain = Buffer.concat(frames);
      for (const { path: name, at, length, sha256: expected } of index.slices) {
        const bytes = plain.subarray(at, at + length);
        expect(createHash('sha256').update(bytes).digest('hex')).toBe(expected);
        expect(name).toContain(secretName);
        if (length > 1000) texts.push(bytes.toString().split('\n')[0] ?? '');
      }
    }
  }
  expect(texts).toEqual([0, 1, 2, 3].map((pack) => `${secretText} ${pack}`));
});
