/** One copy of a backup repaired from others, in real folders. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { DocumentRef } from '../../repository/documents';
import { fetchSound, isSound, repairObject } from '../../repository/repair';
import { copyRun } from '../../repository/replicate';
import { replicateSealed } from '../../repository/replicate-sealed';
import { getRunIndex } from '../../repository/run-index';
import { getSealedManifest } from '../../repository/sealed-manifest';
import type { PutOptions } from '../../repository/store';
import { StoreAround } from '../../repository/stores/around';
import { verifyManifest } from '../../repository/verify';
import { flipByte, folder, keyFile, makeBackup, open, removeAll } from './made';

const id = 'shop_full_20260101_000000';
afterAll(removeAll);

async function twoCopies() {
  const roots = [await folder(), await folder(), await folder()];
  const repository = await open({ roots, keySource: await keyFile() });
  const [first, second, third] = ['s0', 's1', 's2'].map((name) => repository.copy(name));
  if (!first || !second || !third) throw new Error('three stores were made');
  const head = await makeBackup(first, id);
  const { components } = await getSealedManifest(first, head);
  const refs = components['config']?.indexes ?? [];
  const [run] = refs;
  if (!run) throw new Error('a run was made');
  const [pack] = (await getRunIndex(first, run)).packs;
  if (!pack) throw new Error('a pack was made');
  const ref: DocumentRef = { key: pack.object, sha256: pack.sha256, bytes: pack.storedBytes };
  for (const one of refs) await copyRun(first, second, one);
  await replicateSealed([first], second, head);
  return { roots, first, second, third, head, run, ref };
}

test('an altered or missing object is put right from the copy that has it', async () => {
  const { roots, first, second, ref } = await twoCopies();
  const file = path.join(roots[1] ?? '', ref.key);
  expect(await repairObject([first, second], second, ref)).toBeUndefined();
  for (const harm of [async () => await flipByte(file), async () => await rm(file)]) {
    await harm();
    expect(await isSound(second, ref)).toBe(false);
    expect(await repairObject([first, second], second, ref)).toEqual({ key: ref.key, store: 's1', from: 's0' });
    expect(await isSound(second, ref)).toBe(true);
  }
});

test('where no copy is right nothing is overwritten, and the first one’s trouble is told', async () => {
  const { roots, first, second, ref } = await twoCopies();
  await flipByte(path.join(roots[0] ?? '', ref.key));
  await rm(path.join(roots[1] ?? '', ref.key));
  await expect(fetchSound([first, second], ref)).rejects.toMatchObject({
    code: 'checksum_mismatch',
    where: `s0:${ref.key}`,
  });
  await expect(repairObject([first, second], first, ref)).rejects.toMatchObject({ code: 'object_not_found' });
});

test('a source that is damaged is passed over, and repaired on the way', async () => {
  const { roots, first, second, third, run, ref } = await twoCopies();
  await flipByte(path.join(roots[0] ?? '', ref.key));
  const outcome = await copyRun(first, third, run, { others: [second] });
  expect(outcome).toMatchObject({
    packs: 2,
    reused: 0,
    flaws: [],
    repaired: [{ key: ref.key, store: 's0', from: 's1' }],
  });
  expect([await isSound(first, ref), await isSound(third, ref)]).toEqual([true, true]);
});

test('documents come as the catalog says they were written, whichever copy is damaged', async () => {
  const { roots, first, second, third, head } = await twoCopies();
  await flipByte(path.join(roots[0] ?? '', 'backups', id, 'key.json'), 20);
  await flipByte(path.join(roots[1] ?? '', 'backups', id, 'checksums.sha256'), 20);
  expect(await replicateSealed([first, second], third, head)).toEqual([]);
  expect(await verifyManifest(third, head)).toMatchObject({ damaged: [] });
  expect(await replicateSealed([third], first, head)).toEqual([
    { key: `backups/${id}/key.json`, store: 's0', from: 's2' },
  ]);
});

/** Keeps a byte of a pack as another than it was given, as a broken disk or a share does. */
class Altering extends StoreAround {
  override async put(key: string, body: Uint8Array, options?: PutOptions): Promise<'created' | 'exists'> {
    const altered = Buffer.from(body);
    if (key.includes('/packs/')) altered.writeUInt8(altered.readUInt8(5) ^ 1, 5);
    return await super.put(key, altered, { ...options, sha256: undefined });
  }
}

test('a directory that keeps other bytes than it was given has no copy', async () => {
  const { first, third, run } = await twoCopies();
  const to = { ...third, store: new Altering(third.store) };
  await expect(copyRun(first, to, run)).rejects.toMatchObject({ code: 'checksum_mismatch' });
});

/** A service that tells no SHA-256: it computes none, or somebody else uploaded the object in parts. */
class Untold extends StoreAround {
  override readonly kind = 's3';
}

test('what a service tells no checksum of is read before it counts', async () => {
  const { roots, first, second, run, ref } = await twoCopies();
  const to = { ...second, store: new Untold(second.store) };
  expect(await copyRun(first, to, run)).toMatchObject({ packs: 2, reused: 2, repaired: [] });
  await flipByte(path.join(roots[1] ?? '', ref.key));
  expect(await copyRun(first, to, run)).toMatchObject({
    packs: 2,
    reused: 1,
    repaired: [{ key: ref.key, store: 's1', from: 's0' }],
  });
});
