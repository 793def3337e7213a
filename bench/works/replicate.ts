/**
 * Copying packs from one bucket to another of the same server: ours as it copies a run, once within the service and once through here. Beside it what the server copies when it is
 * asked for one object after the other, and a plain loop of get and put. The server is the tests': without TLS, since here nobody needs it.
 */
import { createHash, randomBytes } from 'node:crypto';
import {
  CopyObjectCommand,
  CreateBucketCommand,
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { packBytes, type StoredPack } from '../../domain/pack';
import type { RepositoryCopy } from '../../repository/copy';
import { copyRun } from '../../repository/replicate';
import { Repository } from '../../repository/repository';
import { putRunIndex } from '../../repository/run-index';
import { Bandwidth, limited } from '../../repository/stores/bandwidth';
import { openStore } from '../../repository/stores/open';
import { type S3Server, startS3Server } from '../../test/support/s3-server';
import { type Contender, contest } from '../contest';
import type { Row } from '../row';
import type { Session } from '../session';

const buckets = { from: 'from', to: 'to-bucket' };
const folder = 'backups/bench';

export async function replicate({ bed, options }: Session): Promise<Row> {
  const server = await startS3Server(buckets.from);
  bed.atEnd(() => server.stop());
  const client = clientOf(server);
  bed.atEnd(async () => client.destroy());
  await client.send(new CreateBucketCommand({ Bucket: buckets.to }));
  const stores = Object.entries(buckets).map(([name, bucket]) => openStore(name, { ...server, kind: 's3', bucket }));
  const repository = await Repository.open({ stores, keySource: { kind: 'none' }, system: 'bench', create: true });
  bed.atEnd(() => repository.close());
  const [from, to] = [repository.copy('from'), repository.copy('to')];
  const packs = await putPacks(from, Math.max(2, Math.round((options.mib * 2 ** 20) / packBytes)));
  const ref = await putRunIndex(
    from,
    { backupId: 'bench', component: 'data' },
    { run: 0, generation: 1, entries: [], packs },
  );
  const clean = async () => await to.store.delete([...packs.map(({ object }) => object), ref.key]);
  const contender = (name: string, work: () => Promise<unknown>): Contender => ({
    name,
    clean,
    run: async () => {
      const started = performance.now();
      await work();
      return { seconds: (performance.now() - started) / 1000 };
    },
  });
  const each = async (copy: (key: string) => Promise<unknown>) => {
    for (const { object } of packs) await copy(object);
  };
  // A store with a limit, however high, is never asked to copy by itself.
  const streamed: RepositoryCopy = { ...to, store: limited(to.store, new Bandwidth(Number.MAX_VALUE)) };
  const copyObject = (Key: string) =>
    client.send(new CopyObjectCommand({ Bucket: buckets.to, Key, CopySource: `${buckets.from}/${Key}` }));
  return await contest({
    ...{ work: 'replicate', rounds: options.rounds, say: options.say, missing: [] },
    bytes: () => packs.reduce((sum, { storedBytes }) => sum + storedBytes, 0),
    ours: contender('holdfast within the service', () => copyRun(from, to, ref)),
    peers: [
      contender('holdfast streamed', () => copyRun(from, streamed, ref)),
      contender('get and put', () => each((key) => getAndPut(client, key))),
    ],
    limit: contender('CopyObject', () => each(copyObject)),
  });
}

function clientOf({ endpoint, accessKeyId, secretAccessKey }: S3Server): S3Client {
  const credentials = { accessKeyId, secretAccessKey };
  return new S3Client({ endpoint, region: 'us-east-1', forcePathStyle: true, credentials });
}

/** Of noise, as what is encrypted looks. */
async function putPacks({ store }: RepositoryCopy, count: number): Promise<StoredPack[]> {
  const packs: StoredPack[] = [];
  for (let pack = 0; pack < count; pack++) {
    const body = randomBytes(packBytes);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const object = `${folder}/packs/${sha256.slice(0, 32)}`;
    await store.put(object, body, { sha256 });
    packs.push({ pack, object, storedBytes: packBytes, sha256, bytes: packBytes, contentMac: sha256, slices: [] });
  }
  return packs;
}

async function getAndPut(client: S3Client, Key: string): Promise<void> {
  const { Body } = await client.send(new GetObjectCommand({ Bucket: buckets.from, Key }));
  const bytes = await Body?.transformToByteArray();
  await client.send(new PutObjectCommand({ Bucket: buckets.to, Key, Body: bytes }));
}
