import { namedBackup, wholeCopy } from '../../../activities/restore/copies';
import type { RepositoryCopy } from '../../../repository/copy';
import { getHead, putHead } from '../../../repository/heads';
import { backupKeys } from '../../../repository/names';
import { makeBackup } from '../../repository/made';
import { closeSites, inRun, siteWith } from '../site';

afterAll(closeSites);

const id = 'shop_full_20260101_000000';

test('a copy that can be read at once is taken before one that has to be thawed, wherever it stands', async () => {
  const site = siteWith(['deep', 'near']);
  const { copies } = await site.repository({ create: true });
  for (const copy of copies) {
    const head = await makeBackup(copy, id);
    await putHead(copy, copy.store.name === 'deep' ? { ...head, storageClass: 'DEEP_ARCHIVE' } : head);
  }
  const chosen = async () => (await inRun(() => namedBackup(site, id))).copy.store.name;
  expect(await chosen()).toBe('near');
  await copies[1]?.store.delete([`catalog/heads/${id}.json`]);
  expect(await chosen()).toBe('deep');
});

test('what builds upon others is read where all of them are whole, and at once if any store lets it', async () => {
  const site = siteWith(['deep', 'near']);
  const { copies } = await site.repository({ create: true });
  const upon = 'shop_incremental_20260101_010000';
  for (const copy of copies) {
    const { manifestSha256 = '' } = await makeBackup(copy, id);
    await makeBackup(copy, upon, [{ backupId: id, manifestSha256 }]);
  }
  const chosen = async () => {
    const held = await inRun(async () => await wholeCopy(site, await namedBackup(site, upon)));
    return [held.copy.store.name, held.manifest.backupId];
  };
  const [deep, near] = copies as [RepositoryCopy, RepositoryCopy];
  expect(await chosen()).toEqual(['deep', upon]);
  await putHead(deep, { ...(await getHead(deep, id)), storageClass: 'DEEP_ARCHIVE' });
  expect(await chosen()).toEqual(['near', upon]);
  // Half of it is there already.
  const { storageClass: _, ...head } = await getHead(deep, id);
  await putHead(deep, { ...head, movingTo: 'DEEP_ARCHIVE' });
  expect(await chosen()).toEqual(['near', upon]);
  await putHead(deep, head);
  await deep.store.delete([backupKeys.sealed(id)]);
  expect(await chosen()).toEqual(['near', upon]);
  // Whole nowhere: whoever reads the chain tells what is wrong with it.
  await near.store.delete([backupKeys.sealed(id)]);
  expect(await chosen()).toEqual(['deep', upon]);
});
