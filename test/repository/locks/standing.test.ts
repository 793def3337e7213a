/** What a head says of a locked backup is judged by its lock: a head is in the clear, and may be written by whoever may write anything. */
import type { BackupHead } from '../../../domain/backup';
import { getHead, putHead } from '../../../repository/heads';
import { lockSealed } from '../../../repository/locks/extend';
import { headKey } from '../../../repository/names';
import { rebuildCatalog } from '../../../repository/rebuild';
import { Repository } from '../../../repository/repository';
import { openStore } from '../../../repository/stores/open';
import { type S3Server, startS3Server } from '../../support/s3-server';
import { keyFile, makeBackup, removeAll } from '../made';

let server: S3Server;
let repository: Repository;
beforeAll(async () => {
  server = await startS3Server('locked', { lock: true });
  const { endpoint, bucket, accessKeyId, secretAccessKey } = server;
  const store = openStore('s', { kind: 's3', endpoint, bucket, accessKeyId, secretAccessKey });
  repository = await Repository.open({ stores: [store], keySource: await keyFile(), system: 'shop', create: true });
});
afterAll(async () => {
  await repository?.close();
  await server?.stop();
  await removeAll();
});

const forged = [
  ['by hand', async (head: BackupHead) => void (await repository.copy().store.put(headKey(head.id), bytesOf(head)))],
  ['with its entry in the history', async (head: BackupHead) => void (await putHead(repository.copy(), head))],
] as const;

test.each(forged)(
  'one that is locked and told as failed or expired, %s, is completed again; another one is not',
  async (how, forge) => {
    const copy = repository.copy();
    const hour = how === 'by hand' ? '01' : '02';
    for (const status of ['failed', 'expired'] as const) {
      const [locked, loose] = [
        `shop_full_20260101_${hour}00${status === 'failed' ? '00' : '10'}`,
        `shop_full_20260101_${hour}01${status === 'failed' ? '00' : '10'}`,
      ];
      for (const id of [locked, loose]) await makeBackup(copy, id);
      const until = new Date(Date.now() + 3_600_000);
      await lockSealed(copy, locked, { mode: 'compliance', until });
      for (const id of [locked, loose]) await forge({ ...(await getHead(copy, id)), status });
      expect((await rebuildCatalog([copy])).rebuilt).toEqual([locked]);
      expect(await getHead(copy, locked)).toMatchObject({ status: 'completed', lock: { mode: 'compliance' } });
      expect((await getHead(copy, loose)).status).toBe(status);
      expect((await rebuildCatalog([copy])).rebuilt).toEqual([]);
    }
  },
);

test('one that had expired before another was built upon it stays expired, though it is locked for that', async () => {
  const copy = repository.copy();
  const [parent, child] = ['shop_full_20260101_030000', 'shop_full_20260101_030100'];
  for (const id of [parent, child]) await makeBackup(copy, id);
  const until = new Date(Date.now() + 3_600_000);
  for (const id of [parent, child]) await lockSealed(copy, id, { mode: 'compliance', until });
  await putHead(copy, { ...(await getHead(copy, child)), chain: [parent] });
  await putHead(copy, { ...(await getHead(copy, parent)), status: 'expired' });
  expect((await rebuildCatalog([copy])).rebuilt).toEqual([]);
  expect((await getHead(copy, parent)).status).toBe('expired');
});

function bytesOf(head: BackupHead): Buffer {
  return Buffer.from(JSON.stringify(head));
}
