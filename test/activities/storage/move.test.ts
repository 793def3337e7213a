import { moveClass } from '../../../activities/storage/move';
import { getHead } from '../../../repository/heads';
import { releaseLease, takeLease } from '../../../repository/leases';
import type { Store } from '../../../repository/store';
import type { StoreClasses } from '../../../repository/store-capabilities';
import { StoreAround } from '../../../repository/stores/around';
import { makeBackup } from '../../repository/made';
import { closeSites, inRun, siteWith } from '../site';

afterAll(closeSites);

const id = 'shop_full_20260101_000000';

class WithClasses extends StoreAround {
  constructor(
    inner: Store,
    override readonly classes: StoreClasses,
  ) {
    super(inner);
  }
}

test('a move into an archive stops for a restore that begins in the middle, and the next one ends it', async () => {
  const moved = new Set<string>();
  let onMove = async () => {};
  const classes: StoreClasses = {
    classOf: async () => 'STANDARD',
    thaw: async () => {},
    thawState: async () => 'ready',
    changeClass: async (key) => {
      moved.add(key);
      await onMove();
    },
  };
  const site = siteWith(['deep'], (store) => new WithClasses(store, classes));
  const copy = (await site.repository({ create: true })).copy('deep');
  await makeBackup(copy, id);
  for (let more = 0; more < 40; more++) await copy.store.put(`backups/${id}/packs/${more}`, Buffer.from('a pack'));
  const order = { site: 'dc01', store: 'deep', backupId: id, class: 'DEEP_ARCHIVE' };
  onMove = async () => {
    // Before the first of them: a restore that chooses a copy now passes this one by.
    expect(await getHead(copy, id)).toMatchObject({ movingTo: 'DEEP_ARCHIVE' });
    await takeLease(copy, { backupId: id, kind: 'restore', holder: 'restore', ms: 60_000 });
  };
  expect(await inRun(() => moveClass(site, order))).toBe(false);
  expect(moved.size).toBe(16);
  expect(await getHead(copy, id)).toMatchObject({ movingTo: 'DEEP_ARCHIVE' });
  expect((await getHead(copy, id)).storageClass).toBeUndefined();

  onMove = async () => {};
  await releaseLease(copy, id, 'restore');
  expect(await inRun(() => moveClass(site, order))).toBe(true);
  expect(moved.size).toBe(44);
  expect((await getHead(copy, id)).storageClass).toBe('DEEP_ARCHIVE');
  expect((await getHead(copy, id)).movingTo).toBeUndefined();
});
