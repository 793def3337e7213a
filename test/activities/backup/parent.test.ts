/** What a backup builds upon is read from a real S3 server: one that is away is not a chain that is broken. */
import { chainManifests } from '../../../activities/backup/parent';
import type { ChainLink, SealedManifest } from '../../../domain/backup';
import type { RepositoryCopy } from '../../../repository/copy';
import { createDataKey } from '../../../repository/data-key';
import { backupKeys } from '../../../repository/names';
import { Repository } from '../../../repository/repository';
import { putSealedManifest } from '../../../repository/sealed-manifest';
import { openStore } from '../../../repository/stores/open';
import { keyFile, removeAll } from '../../repository/made';
import { type S3Server, startS3Server } from '../../support/s3-server';

let s3: S3Server;
let repository: Repository;
let copy: RepositoryCopy;
let chain: ChainLink[];

beforeAll(async () => {
  s3 = await startS3Server();
  const { endpoint, bucket, accessKeyId, secretAccessKey } = s3;
  const config = { endpoint, bucket, accessKeyId, secretAccessKey, region: 'us-east-1' };
  const stores = [openStore('warm', { kind: 's3', ...config })];
  repository = await Repository.open({ stores, keySource: await keyFile(), system: 'shop', create: true });
  copy = repository.copy();
  chain = [await sealed(1), await sealed(2)];
});
afterAll(async () => {
  await repository?.close();
  await s3?.stop();
  await removeAll();
});

async function sealed(day: number): Promise<ChainLink> {
  const at = `2026-01-0${day}T01:00:00.000Z`;
  const backupId = `shop_full_2026010${day}_010000`;
  const manifest: SealedManifest = {
    ...{ format: 1, backupId, system: 'shop', site: 'dc01', type: 'full', startedAt: at, endedAt: at },
    components: {},
  };
  await createDataKey(copy, backupId);
  return { backupId, manifestSha256: (await putSealedManifest(copy, manifest)).sha256 };
}

const ids = async () => (await chainManifests(copy, chain)).map(({ backupId }) => backupId);

test('a store that is away for a moment gives an error that is tried again, and the chain when it is back', async () => {
  await s3.kill();
  await expect(ids()).rejects.toMatchObject({ code: 'store_unavailable', retryable: true });
  await s3.restart();
  expect(await ids()).toEqual(chain.map(({ backupId }) => backupId));
});

test('a manifest that is another than it was breaks the chain: no retry would mend that', async () => {
  const [full, last] = chain as [ChainLink, ChainLink];
  const other = [full, { ...last, manifestSha256: full.manifestSha256 }];
  await expect(chainManifests(copy, other)).rejects.toMatchObject({
    ...{ code: 'chain_broken', retryable: false, where: 'warm' },
    message: expect.stringContaining(last.backupId),
  });
});

test('a manifest that is gone breaks the chain, and the backup that it was of is named', async () => {
  const [full, last] = chain as [ChainLink, ChainLink];
  await copy.store.delete([backupKeys.sealed(full.backupId)]);
  await expect(ids()).rejects.toMatchObject({ code: 'chain_broken', message: expect.stringContaining(full.backupId) });
  expect(await chainManifests(copy, [last])).toHaveLength(1);
});
