/** A protected system with stores in three regions: two buckets of one S3 server, between which it copies by itself, and one of another. */
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { clientOf, type S3Server, startS3Server } from './s3-server';
import { type SystemOptions, TestSystem } from './system';

export interface Regions {
  system: TestSystem;
  /** Of `west` and `apac`. */
  near: S3Server;
  /** Of `dr`. */
  far: S3Server;
  /** Where the objects of a store lie on disk. */
  folderOf(store: 'west' | 'dr' | 'apac'): string;
  /** For a system that somebody else ends. */
  stopServers(): Promise<void>;
  destroy(): Promise<void>;
}

/** biome-ignore-start lint/suspicious/noTemplateCurlyInString: the configuration names secrets so */
const near = { accessKeyId: '${env:TEST_NEAR_ACCESS}', secretAccessKey: '${env:TEST_NEAR_SECRET}' };
const far = { accessKeyId: '${env:TEST_FAR_ACCESS}', secretAccessKey: '${env:TEST_FAR_SECRET}' };
/** biome-ignore-end lint/suspicious/noTemplateCurlyInString: the configuration names secrets so */

/** `hot` is a directory, the tier `daily` writes there, and wants copies in `west` and `dr`. */
export async function startRegions(options: SystemOptions & { copies?: object } = {}): Promise<Regions> {
  const servers = { near: await startS3Server('west'), far: await startS3Server('far') };
  await makeBucket(servers.near, 'apac');
  const { configure, copies, env } = options;
  const system = await TestSystem.create({
    ...options,
    env: { ...env, ...secretsOf(servers) },
    configure: (config) => {
      const s3 = (server: S3Server, bucket: string) => ({ kind: 's3', endpoint: server.endpoint, bucket });
      const stores = config['stores'] as Record<string, object>;
      Object.assign(stores, {
        west: { ...s3(servers.near, 'west'), storageClass: 'STANDARD_IA', role: 'secondary', ...near },
        dr: { ...s3(servers.far, 'far'), storageClass: 'GLACIER', role: 'dr', ...far },
        apac: { ...s3(servers.near, 'apac'), storageClass: 'STANDARD_IA', role: 'apac', ...near },
      });
      Object.assign(config, { tiers: { daily: { to: ['hot'], copies: { to: ['west', 'dr'], ...copies } } } });
      configure?.(config);
    },
  });
  const stopServers = async () => {
    await servers.near.stop();
    await servers.far.stop();
  };
  return {
    system,
    ...servers,
    folderOf: (store) => (store === 'dr' ? servers.far.folder : servers.near.folder.replace(/west$/, store)),
    stopServers,
    destroy: async () => {
      await system.destroy();
      await stopServers();
    },
  };
}

function secretsOf(servers: { near: S3Server; far: S3Server }): NodeJS.ProcessEnv {
  return {
    TEST_NEAR_ACCESS: servers.near.accessKeyId,
    TEST_NEAR_SECRET: servers.near.secretAccessKey,
    TEST_FAR_ACCESS: servers.far.accessKeyId,
    TEST_FAR_SECRET: servers.far.secretAccessKey,
  };
}

async function makeBucket(server: S3Server, bucket: string): Promise<void> {
  const client = clientOf(server);
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  client.destroy();
}
