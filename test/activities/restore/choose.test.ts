import { namedBackup } from '../../../activities/restore/choose';
import { putHead } from '../../../repository/heads';
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
