import { execFileSync } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { createDataKey, getDataKey } from '../../repository/data-key';
import { listHeads } from '../../repository/heads';
import { verifyPack } from '../../repository/packs/open';
import { removeBackup, removeLeftovers } from '../../repository/remove';
import { copyDocuments, copyRun } from '../../repository/replicate';
import type { Repository } from '../../repository/repository';
import { getRunIndex, putRunIndex } from '../../repository/run-index';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { verifyManifest, verifyRun } from '../../repository/verify';
import { filesBelow, flipByte, folder, keyFile, makeBackup, open, removeAll, secretName, secretText } from './made';

const id = 'shop_full_20260101_000000';
afterAll(removeAll);

async function made(stores = 1) {
  const roots = await Promise.all(Array.from({ length: stores }, folder));
  const repository: Repository = await open({ roots, keySource: await keyFile() });
  const copy = repository.copy();
  const head = await makeBackup(copy, id);
  const manifest = await getSealedManifest(copy, head);
  const [root = ''] = roots;
  return { repository, roots, root, copy, head, manifest, indexes: manifest.components['config']?.indexes ?? [] };
}

function sha256sum(root: string): string {
  const cwd = path.join(root, 'backups', id);
  return execFileSync('sha256sum', ['--check', '--strict', 'checksums.sha256'], { cwd, encoding: 'utf8' });
}

describe('a backup in a store', () => {
  test('is checked by sha256sum, which lists every object but itself and the receipt', async () => {
    const { root } = await made();
    await writeFile(path.join(root, 'backups', id, 'receipt.json'), '{}');
    const listed = sha256sum(root)
      .trim()
      .split('\n')
      .map((line) => line.replace(/: OK$/, ''));
    const there = (await filesBelow(path.join(root, 'backups', id))).map((one) => one.path);
    expect(listed.sort()).toEqual(there.filter((one) => !['checksums.sha256', 'receipt.json'].includes(one)).sort());
    expect(listed).toHaveLength(9);
  });

  test('shows neither names nor contents of files to who has no key', async () => {
    const { root } = await made();
    for (const { path: name, bytes } of await filesBelow(root)) {
      for (const secret of [secretName, secretText]) {
        expect({ name, told: name.includes(secret) || bytes.includes(secret) }).toEqual({ name, told: false });
      }
    }
    const head = JSON.parse(await readFile(path.join(root, 'catalog/heads', `${id}.json`), 'utf8'));
    expect(head.components.config.warnings).toEqual(['1 warning: the sealed manifest has the text']);
    const manifest = JSON.parse(await readFile(path.join(root, 'backups', id, 'manifest.json'), 'utf8'));
    expect(manifest).toMatchObject({
      backup_id: id,
      timestamp: '2026-01-01T00:00:00Z',
      site_id: 'dc01',
      type: 'full',
      components: { config: { files: 8, packs: 4, warnings: 1 } },
    });
  });

  test('verifies, quickly and in full', async () => {
    const { copy, head, indexes } = await made();
    expect(await verifyManifest(copy, head)).toMatchObject({ manifest: { backupId: id }, damaged: [] });
    const dataKey = await getDataKey(copy, id);
    let opened = 0;
    for (const ref of indexes) {
      const outcome = await verifyRun(copy, ref, {
        open: async (object, pack) => {
          opened += 1;
          verifyPack(object, { backupId: id, component: 'config', pack: pack.pack, dataKey, where: pack.object });
          return { beside: false };
        },
      });
      expect(outcome).toMatchObject({ packs: 2, damaged: [] });
    }
    expect(opened).toBe(4);
  });

  test('reads no pack of which nothing is asked for, and asks for the slices that are', async () => {
    const { copy, root, indexes } = await made();
    const [ref] = indexes;
    if (ref === undefined) throw new Error('a run was made');
    const [wanted, other] = (await getRunIndex(copy, ref)).packs;
    await rm(path.join(root, String(other?.object)));
    const asked: unknown[] = [];
    const outcome = await verifyRun(copy, ref, {
      only: (pack) => (pack.pack === wanted?.pack ? [1] : []),
      open: async (_object, pack, only) => {
        asked.push([pack.object, only]);
        return { beside: true };
      },
    });
    expect(asked).toEqual([[wanted?.object, [1]]]);
    expect(outcome).toMatchObject({ packs: 2, damaged: [], beside: 1 });
  });

  test('has every kind of damage found and named by its object and its files', async () => {
    const { copy, root, head, indexes } = await made();
    const [first, second] = indexes;
    if (first === undefined || second === undefined) throw new Error('two runs were made');
    const [bent, gone] = (await getRunIndex(copy, first)).packs;
    const cut = (await getRunIndex(copy, second)).packs[0];
    if (bent === undefined || gone === undefined || cut === undefined) throw new Error('two packs a run were made');
    await flipByte(path.join(root, bent.object));
    await rm(path.join(root, gone.object));
    await writeFile(path.join(root, cut.object), (await copy.store.get(cut.object)).subarray(0, -1));
    const files = { count: 2, some: [`${secretName}/file-0`, `${secretName}/file-1`] };
    expect((await verifyRun(copy, first)).damaged).toEqual([
      { object: bent.object, code: 'checksum_mismatch', message: expect.any(String), files },
      { object: gone.object, code: 'object_not_found', message: expect.any(String), files },
    ]);
    expect((await verifyRun(copy, second)).damaged).toMatchObject([{ object: cut.object, code: 'checksum_mismatch' }]);
    // Without reading: what is missing or cut, not what is bent.
    expect((await verifyRun(copy, first, { presence: true })).damaged).toMatchObject([{ code: 'object_not_found' }]);
    const short = [{ object: cut.object, code: 'checksum_mismatch', message: expect.stringContaining('length') }];
    expect((await verifyRun(copy, second, { presence: true })).damaged).toMatchObject(short);
    await flipByte(path.join(root, second.key));
    expect((await verifyRun(copy, second)).damaged).toMatchObject([{ object: second.key, code: 'checksum_mismatch' }]);
    for (const name of ['manifest.json', 'key.json', 'checksums.sha256', 'sealed']) {
      await flipByte(path.join(root, 'backups', id, name));
      const { damaged } = await verifyManifest(copy, head);
      expect(damaged.map(({ object }) => object)).toContain(`backups/${id}/${name}`);
    }
  });

  test('does not accept the manifest of another backup, or an older one of its own', async () => {
    const { copy, head } = await made();
    const other = 'shop_full_20260102_000000';
    const second = await makeBackup(copy, other);
    await copy.store.put(`backups/${id}/sealed`, await copy.store.get(`backups/${other}/sealed`));
    const refused = { code: 'checksum_mismatch' };
    await expect(getSealedManifest(copy, head)).rejects.toMatchObject(refused);
    await expect(getSealedManifest(copy, { id })).rejects.toMatchObject(refused);
    await expect(getSealedManifest(copy, { ...second, manifestSha256: head.manifestSha256 })).rejects.toMatchObject(
      refused,
    );
    await copy.store.delete([`backups/${id}/sealed`]);
    await expect(getSealedManifest(copy, head)).rejects.toMatchObject({ code: 'backup_unusable' });
  });

  test('stops verifying when told to', async () => {
    const { copy, indexes } = await made();
    const [ref] = indexes;
    if (ref === undefined) throw new Error('a run was made');
    const abort = new AbortController();
    const work = verifyRun(copy, ref, { signal: abort.signal, progress: () => abort.abort() });
    await expect(work).rejects.toMatchObject({ name: 'AbortError' });
  });

  test('is copied to another store, once, and mended there by another copying', async () => {
    const { repository, roots, head, manifest, indexes } = await made(2);
    const [from, to] = [repository.copy('s0'), repository.copy('s1')];
    for (const ref of indexes) expect(await copyRun(from, to, ref)).toMatchObject({ packs: 2, reused: 0 });
    await copyDocuments(from, to, manifest);
    expect(sha256sum(roots[1] ?? '')).toContain('sealed: OK');
    expect(await verifyManifest(to, head)).toMatchObject({ damaged: [] });
    const [first] = indexes;
    if (first === undefined) throw new Error('a run was made');
    const [pack] = (await getRunIndex(from, first)).packs;
    await flipByte(path.join(roots[1] ?? '', pack?.object ?? ''));
    expect(await copyRun(from, to, first)).toMatchObject({ packs: 2, reused: 1 });
    expect(sha256sum(roots[1] ?? '')).toContain('sealed: OK');
  });

  test('is not copied when its source is damaged', async () => {
    const { repository, root, indexes } = await made(2);
    const [ref] = indexes;
    if (ref === undefined) throw new Error('a run was made');
    const [pack] = (await getRunIndex(repository.copy('s0'), ref)).packs;
    await flipByte(path.join(root, pack?.object ?? ''));
    await expect(copyRun(repository.copy('s0'), repository.copy('s1'), ref)).rejects.toMatchObject({
      code: 'checksum_mismatch',
      where: `s0:${pack?.object}`,
    });
  });

  test('keeps what it needs when leftovers of lost generations go', async () => {
    const { root, copy, head, manifest } = await made();
    await copy.store.put(`backups/${id}/packs/${'0'.repeat(32)}`, Buffer.from('orphan'));
    await copy.store.put(`backups/${id}/plan/config/0/attempt/0000000`, Buffer.from('plan'));
    expect(await removeLeftovers(copy, manifest)).toBe(2);
    expect(sha256sum(root)).toContain('sealed: OK');
    expect(await verifyManifest(copy, head)).toMatchObject({ damaged: [] });
  });

  test('goes without a trace but its receipt when it failed', async () => {
    const { root, copy } = await made();
    await createDataKey(copy, 'another');
    await writeFile(path.join(root, 'backups', id, 'receipt.json'), '{}');
    expect(await removeBackup(copy, id)).toBeGreaterThan(7);
    const left = (await filesBelow(path.join(root, 'backups'))).map((one) => one.path);
    expect(left.sort()).toEqual(['another/key.json', `${id}/receipt.json`]);
    expect(await removeBackup(copy, id)).toBe(0);
    expect((await listHeads(copy)).heads.map((one) => one.id)).toEqual([id]);
  });

  test('keeps the first index of a run in a generation, whoever comes second', async () => {
    const { copy } = await made();
    const ref = { backupId: 'b', component: 'config' };
    const index = { run: 3, generation: 1, entries: [], packs: [] };
    const first = await putRunIndex(copy, ref, index);
    expect(await putRunIndex(copy, ref, index)).toEqual(first);
    expect((await putRunIndex(copy, ref, { ...index, generation: 2 })).key).not.toBe(first.key);
    await expect(getRunIndex(copy, { ...first, sha256: '0'.repeat(64) })).rejects.toMatchObject({
      code: 'checksum_mismatch',
    });
  });
});
