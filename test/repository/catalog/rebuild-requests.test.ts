/** What a rebuilding asks of a service, and that what it does not ask hides nothing. */
import { createHash, randomBytes } from 'node:crypto';
import type { BackupHead } from '../../../domain/backup';
import { listEveryHead, listHeads, usableSnapshot } from '../../../repository/catalog/listing';
import { headBody } from '../../../repository/catalog/read';
import { makeSnapshot } from '../../../repository/catalog/renew';
import { getSeen } from '../../../repository/catalog/seen';
import { listStretches, stretchesOf } from '../../../repository/catalog/stretches';
import type { RepositoryCopy } from '../../../repository/copy';
import { deriveRepositoryKeys } from '../../../repository/crypto/keys';
import { getHead, putHead } from '../../../repository/heads';
import { backupFolder, backupKeys, headKey, seenPrefix, snapshotsPrefix } from '../../../repository/names';
import { rebuildCatalog } from '../../../repository/rebuild';
import { makeBackup } from '../made';
import { CountedStore } from './counted-store';
import { syntheticHead } from './synthetic-head';

const keys = deriveRepositoryKeys(randomBytes(32));
const [older, newer] = ['shop_full_20250101_000000', 'shop_full_20250102_000000'];
const many = 300;

/** Backups of which only head and manifest count, after a first rebuilding. */
async function rebuilt(more: string[] = []) {
  const store = new CountedStore();
  const copy: RepositoryCopy = { store, repositoryId: 'r', system: 'shop', keys, encrypted: true };
  for (const id of more) await makeBackup(copy, id);
  for (let number = 0; number < many; number++) await store.put(...sealedFor(copy, number));
  const all = Array.from({ length: many }, (_, number) => headFor(copy, number));
  for (const head of all) await store.put(headKey(head.id), headBody(head));
  await rebuildCatalog([copy]);
  store.reset();
  return { store, copy, all };
}

function sealedFor(copy: RepositoryCopy, number: number): [key: string, body: Buffer] {
  return [backupKeys.sealed(syntheticHead(copy, number).id), Buffer.from(`manifest ${number}`)];
}

function headFor(copy: RepositoryCopy, number: number): BackupHead {
  const manifestSha256 = createHash('sha256').update(sealedFor(copy, number)[1]).digest('hex');
  return syntheticHead(copy, number, { manifestSha256 });
}

/** Edits below the catalog, as a hand does. */
async function edit(copy: RepositoryCopy, id: string, change: Partial<BackupHead>): Promise<void> {
  await copy.store.put(headKey(id), headBody({ ...(await getHead(copy, id)), ...change }));
}

test('with all there it asks for names, and neither for heads nor for manifests', async () => {
  const { store, copy, all } = await rebuilt();
  expect(await rebuildCatalog([copy])).toMatchObject({ rebuilt: [], kept: all.map(({ id }) => id), unusable: [] });
  // The snapshot and what was seen: read, and written anew.
  expect(store.asked).toMatchObject({ get: 2, put: 2, head: 0 });
  expect(store.asked.list).toBeLessThanOrEqual(16);
  expect((await listHeads(copy)).heads).toEqual(all);
  store.reset();
  await rebuildCatalog([copy], { full: true });
  expect(store.asked).toMatchObject({ get: 1 + many, head: many });
});

test('heads that are lost are a request each, and come back with what was proved of them', async () => {
  const { store, copy, all } = await rebuilt();
  const [first] = all;
  if (!first) throw new Error('heads were made');
  await putHead(copy, { ...first, verifiedAt: '2026-01-05T00:00:00Z', status: 'expired' });
  await rebuildCatalog([copy]);
  const before = await listHeads(copy);
  await store.delete(all.map(({ id }) => headKey(id)));
  store.reset();
  expect(await rebuildCatalog([copy])).toMatchObject({ rebuilt: all.map(({ id }) => id), kept: [], untold: [] });
  expect(store.asked).toMatchObject({ get: 2, put: many + 2, head: 0 });
  expect(await listEveryHead(copy)).toEqual(before);
  expect(await listHeads(copy)).toEqual(before);
});

test('what was changed by hand is read: a head, a manifest, one that is lost', async () => {
  const { store, copy, all } = await rebuilt([older, newer]);
  const [forged, swapped, lost, bent] = all;
  if (!forged || !swapped || !lost || !bent) throw new Error('heads were made');
  const real = await getHead(copy, older);
  await edit(copy, older, { manifestSha256: 'f'.repeat(64) });
  await edit(copy, forged.id, { bytes: 2 });
  await store.put(backupKeys.sealed(swapped.id), Buffer.from('manifest -'));
  await store.delete([backupKeys.sealed(lost.id)]);
  await store.put(`${backupFolder(lost.id)}key.json`, Buffer.from('{}'));
  await store.put(headKey(bent.id), Buffer.from('{'));
  const { rebuilt: made, unusable } = await rebuildCatalog([copy]);
  expect(made).toEqual([older, bent.id]);
  expect(unusable.map(({ id }) => id).sort()).toEqual([swapped.id, lost.id]);
  expect((await getHead(copy, older)).manifestSha256).toBe(real.manifestSha256);
  expect(await getHead(copy, bent.id)).toEqual(bent);
  const { heads } = await listHeads(copy);
  expect(heads.find(({ id }) => id === forged.id)?.bytes).toBe(2);
  expect(heads).toEqual((await listEveryHead(copy)).heads);
});

test('what rots below a service that tells of it as before is found by reading everything', async () => {
  const { store, copy } = await rebuilt([older]);
  store.rotten.set(headKey(older), Buffer.from('{'));
  expect((await rebuildCatalog([copy])).rebuilt).toEqual([]);
  expect((await rebuildCatalog([copy], { full: true })).rebuilt).toEqual([older]);
});

test('without what was seen, or where it was altered, everything is read', async () => {
  const { store, copy } = await rebuilt();
  const snapshot = await usableSnapshot(copy);
  const [first] = await getSeen(copy, snapshot?.seen);
  expect(first?.[1]).toMatchObject({ head: expect.any(String), sealed: expect.any(String) });
  const { key = '' } = snapshot?.seen ?? {};
  const body = Buffer.from(await store.get(key));
  body.writeUInt8(body.readUInt8(100) ^ 1, 100);
  await store.put(key, body);
  store.reset();
  await rebuildCatalog([copy]);
  expect(store.asked).toMatchObject({ get: 2 + many, head: many });
  await store.delete([(await usableSnapshot(copy))?.seen?.key ?? '']);
  store.reset();
  await rebuildCatalog([copy]);
  expect(store.asked).toMatchObject({ get: 2 + many, head: many });
});

test('a snapshot looks at what is new, finds what was changed by hand, and leaves nothing of those before it', async () => {
  const { store, copy, all } = await rebuilt();
  const [first] = all;
  if (!first) throw new Error('heads were made');
  await makeBackup(copy, newer);
  await edit(copy, first.id, { bytes: 3 });
  store.reset();
  await makeSnapshot(copy, undefined, await usableSnapshot(copy));
  // The snapshot, what was seen, and both heads; a look at the new manifest.
  expect(store.asked).toMatchObject({ get: 4, head: 1 });
  store.reset();
  await rebuildCatalog([copy]);
  expect(store.asked).toMatchObject({ get: 2, head: 0 });
  expect((await listHeads(copy)).heads).toContainEqual({ ...first, bytes: 3 });
  for (let made = 0; made < 4; made++) await makeSnapshot(copy, undefined, await usableSnapshot(copy));
  const numbers = async (prefix: string) => {
    const found: string[] = [];
    for await (const { key } of store.list(prefix)) found.push(key.slice(prefix.length, prefix.length + 10));
    return found;
  };
  expect(await numbers(seenPrefix)).toEqual(await numbers(snapshotsPrefix));
});

test('a long listing is cut into stretches that find what came and miss nothing that went, with no more answers than as one', async () => {
  const store = new CountedStore();
  const names = Array.from({ length: 6500 }, (_, number) => `heads/${String(number).padStart(5, '0')}`);
  for (const name of names) await store.put(name, Buffer.from('x'));
  const known = names.filter((_, at) => at % 7 > 0);
  const found: string[] = [];
  const look = () => listStretches(store, 'heads/', stretchesOf(store, known), ({ key }) => void found.push(key));
  await look();
  expect(found.sort()).toEqual(names);
  await store.delete(known);
  found.length = 0;
  await look();
  expect(found.sort()).toEqual(names.filter((_, at) => at % 7 === 0));
  const whole = stretchesOf(store, names);
  expect(whole).toHaveLength(4);
  for (const name of names) await store.put(name, Buffer.from('x'));
  store.reset();
  await listStretches(store, 'heads/', whole, () => undefined);
  expect(store.asked.list).toBe(7);
});

test('packs of a large backup are passed over', async () => {
  const { store, copy, all } = await rebuilt();
  const [first] = all;
  if (!first) throw new Error('heads were made');
  for (let pack = 0; pack < 6000; pack++) {
    await store.put(`${backupFolder(first.id)}packs/${String(pack).padStart(32, '0')}`, Buffer.from('x'));
  }
  store.reset();
  expect((await rebuildCatalog([copy])).kept).toHaveLength(many);
  expect(store.asked).toMatchObject({ get: 2, head: 0 });
  expect(store.asked.list).toBeLessThanOrEqual(18);
});
