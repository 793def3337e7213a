import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Repository } from '../../../repository/repository';
import { DirStore } from '../../../repository/stores/dir';
import { WalArchive } from '../../../repository/wal/archive';
import { walObjects } from '../../../repository/wal/bind';

test('WAL stored in one repository is read by a later opening, and not by another repository', async () => {
  const dirs = ['one', 'other'].map((name) => mkdtempSync(path.join(tmpdir(), `hf-bind-${name}-`)));
  try {
    const open = async (dir: string | undefined) =>
      await Repository.open({
        stores: [new DirStore('hot', dir ?? '')],
        keySource: { kind: 'none' },
        system: 'shop',
        create: true,
      });
    const marker = { systemIdentifier: '7', major: 15, segmentSize: 1024 * 1024 };
    const segment = Buffer.concat([randomBytes(700_000), Buffer.alloc(1024 * 1024 - 700_000)]);
    const part = randomBytes(10);
    const first = walObjects(await open(dirs[0]), ['hot']);
    const [store] = first.stores as [DirStore];
    const written = await WalArchive.begin(first, store, marker);
    await written.putSegment(1, 3n, segment);
    await written.putPart(1, 4n * 1024n * 1024n, part);

    const later = walObjects(await open(dirs[0]));
    const read = await WalArchive.open(later, store, '7');
    expect((await read?.fetchSegment(1, 3n))?.bytes.equals(segment)).toBe(true);
    expect((await read?.fetchSegment(1, 4n))?.bytes.subarray(0, 10).equals(part)).toBe(true);

    const foreign = walObjects(await open(dirs[1]));
    const blind = await WalArchive.open(foreign, store, '7');
    await expect(blind?.fetchSegment(1, 3n)).rejects.toMatchObject({ code: 'key_wrong' });
  } finally {
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
  }
});
