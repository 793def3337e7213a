/** A repository written by the first release: every later one must read it, byte for byte. Never regenerate these files. */
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StoredPack } from '../../domain/pack';
import { getDataKey } from '../../repository/data-key';
import { getHead } from '../../repository/heads';
import { openWhole, readSlices } from '../../repository/packs/open';
import { fetchPack } from '../../repository/packs/store-pack';
import { rebuildCatalog } from '../../repository/rebuild';
import { getRunIndex } from '../../repository/run-index';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { verifyManifest, verifyRun } from '../../repository/verify';
import { folder, open, removeAll, secretName, secretText } from './made';

afterAll(removeAll);

const id = 'shop_full_20260101_000000';
/** Beside the sources: what tsc makes lies one folder deeper. */
const golden = path.join(__dirname, '../../../test/repository/golden');

async function unpack(name: string) {
  const root = await folder();
  const { key, objects } = JSON.parse(await readFile(path.join(golden, name), 'utf8'));
  for (const [object, base64] of Object.entries<string>(objects)) {
    await mkdir(path.dirname(path.join(root, object)), { recursive: true });
    await writeFile(path.join(root, object), Buffer.from(base64, 'base64'));
  }
  const file = path.join(await folder(), 'master.key');
  await writeFile(file, key, { mode: 0o600 });
  return (await open({ roots: [root], keySource: { kind: 'file', path: file }, create: false })).copy();
}

test.each(['format-1.json'])('the repository %s is still read byte for byte', async (name) => {
  const copy = await unpack(name);
  const head = await getHead(copy, id);
  expect(await verifyManifest(copy, head)).toMatchObject({ damaged: [] });
  const manifest = await getSealedManifest(copy, head);
  const dataKey = await getDataKey(copy, id);
  const texts = new Map<string, string>();
  const read = async (pack: StoredPack) => {
    const object = await fetchPack(copy, pack);
    const access = { backupId: id, component: 'config', pack: pack.pack, dataKey, where: pack.object };
    readSlices(openWhole(object, access), (slice) => ({
      write: (chunk) => void texts.set(`${pack.pack} ${String(slice.path)}`, chunk.toString('latin1')),
      finish: () => undefined,
    }));
  };
  for (const ref of manifest.components['config']?.indexes ?? []) {
    expect(await verifyRun(copy, ref)).toMatchObject({ packs: 2, damaged: [] });
    for (const pack of (await getRunIndex(copy, ref)).packs) await read(pack);
  }
  for (const pack of [0, 1, 2, 3]) {
    expect(texts.get(`${pack} ${secretName}/file-0`)).toBe(`${secretText} ${pack}\n`.repeat(500));
    expect(texts.get(`${pack} ${secretName}/file-1`)).toHaveLength(900);
  }
  await copy.store.delete([`catalog/heads/${id}.json`]);
  expect((await rebuildCatalog([copy])).rebuilt).toEqual([id]);
  expect(await getHead(copy, id)).toMatchObject({ manifestSha256: head.manifestSha256, checksum: head.checksum });
});
