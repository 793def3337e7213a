import { readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { writeCatalogLines } from '../../repository/catalog-lines';
import { getHead, listHeads, putHead, removeHead } from '../../repository/heads';
import { rebuildCatalog } from '../../repository/rebuild';
import { copyDocuments, copyRun } from '../../repository/replicate';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { folder, keyFile, makeBackup, open, removeAll } from './made';

const [older, newer] = ['shop_full_20260101_000000', 'shop_full_20260102_000000'];
afterAll(removeAll);

async function made(stores = 1) {
  const roots = await Promise.all(Array.from({ length: stores }, folder));
  const repository = await open({ roots, keySource: await keyFile() });
  const copy = repository.copy();
  const heads = [await makeBackup(copy, older), await makeBackup(copy, newer)];
  return { repository, roots, root: roots[0] ?? '', copy, heads };
}

describe('the catalog', () => {
  test('lists every backup, and a damaged head hides none of the others', async () => {
    const { root, copy } = await made();
    await writeFile(path.join(root, 'catalog/heads', 'bent.json'), '{"id": "bent", ');
    await writeFile(
      path.join(root, 'catalog/heads', 'swapped.json'),
      await copy.store.get(`catalog/heads/${older}.json`),
    );
    const { heads, damaged } = await listHeads(copy);
    expect(heads.map(({ id }) => id)).toEqual([older, newer]);
    expect(damaged.map(({ key }) => key).sort()).toEqual(['catalog/heads/bent.json', 'catalog/heads/swapped.json']);
    await expect(getHead(copy, 'bent')).rejects.toMatchObject({ code: 'catalog_damaged' });
    await expect(getHead(copy, 'nothing')).rejects.toMatchObject({ code: 'backup_not_found' });
  });

  test('lets an id be claimed once', async () => {
    const { copy, heads } = await made();
    const [head] = heads;
    if (head === undefined) throw new Error('two backups were made');
    const claim = { ...head, id: 'shop_full_20260103_000000' };
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => putHead(copy, claim, { ifAbsent: true })));
    expect(outcomes.filter((one) => one === 'created')).toHaveLength(1);
  });

  test('is made again from the backups alone', async () => {
    const { repository, root, copy, heads } = await made();
    await rm(path.join(root, 'catalog'), { recursive: true });
    expect(await rebuildCatalog(repository.copies)).toMatchObject({ rebuilt: [older, newer], kept: [], unusable: [] });
    const again = (await listHeads(copy)).heads;
    expect(again).toMatchObject(
      heads.map(({ id, bytes, storedBytes, checksum, manifestSha256, startedAt, seconds }) => {
        return { id, bytes, storedBytes, checksum, manifestSha256, startedAt, seconds, status: 'completed' };
      }),
    );
    for (const head of again) expect((await getSealedManifest(copy, head)).backupId).toBe(head.id);
  });

  test('keeps what only it knew: a rebuilding touches no head that fits', async () => {
    const { repository, copy, heads } = await made();
    const [first, second] = heads;
    if (first === undefined || second === undefined) throw new Error('two backups were made');
    await putHead(copy, { ...first, verifiedAt: '2026-01-05T00:00:00Z' });
    await putHead(copy, { ...second, status: 'failed' });
    await copy.store.put('backups/unfinished/key.json', Buffer.from('{}'));
    expect(await rebuildCatalog(repository.copies)).toMatchObject({
      rebuilt: [],
      kept: [older, newer],
      unusable: [{ id: 'unfinished', reason: expect.stringContaining('no manifest') }],
    });
    expect((await getHead(copy, older)).verifiedAt).toBe('2026-01-05T00:00:00Z');
    expect((await getHead(copy, newer)).status).toBe('failed');
  });

  test('what had expired or failed does not come back as completed, and what was removed does not come back', async () => {
    const { repository, root, copy, heads } = await made();
    const [first, second] = heads;
    if (first === undefined || second === undefined) throw new Error('two backups were made');
    const proofs = [{ level: 'quick' as const, at: '2026-01-05T00:00:00Z', seconds: 1, outcome: 'passed' as const }];
    await putHead(copy, { ...first, status: 'expired', expiredAt: '2026-01-05T00:00:00Z', proofs });
    const failed = 'shop_full_20260103_000000';
    await putHead(copy, { ...first, id: failed, status: 'failed', startedAt: '2026-01-03T00:00:00Z' });
    const removed = 'shop_full_20260104_000000';
    await putHead(copy, { ...first, id: removed });
    await removeHead(copy, removed);
    const before = await listHeads(copy);
    await rm(path.join(root, 'catalog/heads'), { recursive: true });
    expect(await rebuildCatalog(repository.copies)).toMatchObject({
      rebuilt: [older, newer, failed],
      kept: [],
      untold: [],
    });
    expect(await listHeads(copy)).toEqual(before);
    expect(before.heads.map(({ status }) => status)).toEqual(['expired', 'completed', 'failed']);
    expect(await rebuildCatalog(repository.copies)).toMatchObject({ rebuilt: [], kept: [older, newer] });
    await rm(path.join(root, 'catalog'), { recursive: true });
    expect(await rebuildCatalog(repository.copies)).toMatchObject({ rebuilt: [older, newer], untold: [older, newer] });
    expect((await getHead(copy, older)).status).toBe('completed');
  });

  test('keeps the name of a store that cannot be reached, and takes away that of one that has lost its copy', async () => {
    const { repository, copy, heads } = await made(2);
    const [first, second] = heads;
    if (first === undefined || second === undefined) throw new Error('two backups were made');
    await putHead(copy, { ...first, stores: ['s0', 's1', 'far'] });
    expect(await rebuildCatalog(repository.copies)).toMatchObject({ rebuilt: [], kept: [older, newer] });
    expect((await getHead(copy, older)).stores).toEqual(['s0', 'far']);
  });

  test('names the stores that have the backup when it is made again', async () => {
    const { repository, roots, heads } = await made(2);
    const [from, to] = [repository.copy('s0'), repository.copy('s1')];
    const [first] = heads;
    if (first === undefined) throw new Error('two backups were made');
    const manifest = await getSealedManifest(from, first);
    for (const ref of manifest.components['config']?.indexes ?? []) await copyRun(from, to, ref);
    await copyDocuments(from, to, manifest);
    await Promise.all(roots.map((root) => rm(path.join(root, 'catalog'), { recursive: true, force: true })));
    await rebuildCatalog(repository.copies);
    expect(await getHead(to, older)).toMatchObject({ stores: ['s0', 's1'], location: roots[1] });
    expect((await listHeads(to)).heads).toHaveLength(1);
    expect((await getHead(from, newer)).stores).toEqual(['s0']);
  });

  test('is written as JSON lines in the specification’s form', async () => {
    const { root, copy } = await made();
    await writeCatalogLines(copy, () => 30);
    const lines = (await readFile(path.join(root, 'catalog/backups.jsonl'), 'utf8')).trim().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      {
        backup_id: older,
        type: 'full',
        timestamp: '2026-01-01T00:00:00Z',
        path: path.join(root, 'backups', older),
        retention_days: 30,
        duration: 60,
        status: 'completed',
        location: root,
        site_id: 'dc01',
      },
      { backup_id: newer },
    ]);
  });
});
