/** Classes of storage of an S3 service: what an object lies in, moving it down, and asking for what is frozen. */
import { CopyObjectCommand, HeadObjectCommand, RestoreObjectCommand, type StorageClass } from '@aws-sdk/client-s3';
import { isFrozenClass, type ThawTier } from '../../domain/storage';
import type { StoreClasses, ThawState } from '../store-capabilities';
import { isAbsent, isAlreadyThawing } from './s3-errors';
import type { Bucket } from './s3-locks';
import { storeClock } from './s3-requests';
import { wordOf } from './s3-versions';

export class S3Classes implements StoreClasses {
  /** @param dropOlder removes versions that another one has taken the place of, unless they are locked */
  constructor(
    private readonly bucket: Bucket,
    private readonly dropOlder: (key: string) => Promise<void>,
  ) {}

  async classOf(key: string): Promise<string | undefined> {
    const seen = await this.#head(key, true);
    return seen && (seen.StorageClass ?? 'STANDARD');
  }

  async changeClass(key: string, storageClass: string): Promise<void> {
    const seen = await this.#head(key, false);
    if (seen === undefined || (seen.StorageClass ?? 'STANDARD') === storageClass) return;
    const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = seen;
    const { name: bucket, prefix } = this.bucket;
    const name = prefix + key;
    await this.bucket.ask(key, async (client) => {
      const isLocked = mode !== undefined && until !== undefined && until > (await storeClock(client, bucket, prefix));
      await client.send(
        new CopyObjectCommand({
          Bucket: bucket,
          Key: name,
          CopySource: `${bucket}/${name}`,
          StorageClass: storageClass as StorageClass,
          // our objects have none; a service that ignores classes refuses a copy that would change nothing
          MetadataDirective: 'REPLACE',
          ChecksumAlgorithm: 'SHA256',
          ...(isLocked && {
            ObjectLockMode: wordOf(mode === 'COMPLIANCE' ? 'compliance' : 'governance'),
            ObjectLockRetainUntilDate: until,
          }),
        }),
      );
    });
    await this.dropOlder(key);
  }

  async thaw(key: string, { tier, days }: { tier: ThawTier; days: number }): Promise<void> {
    await this.bucket.ask(key, async (client) => {
      try {
        await client.send(
          new RestoreObjectCommand({
            Bucket: this.bucket.name,
            Key: this.bucket.prefix + key,
            RestoreRequest: { Days: days, GlacierJobParameters: { Tier: tier } },
          }),
        );
      } catch (error) {
        if (!isAlreadyThawing(error)) throw error;
      }
    });
  }

  async thawState(key: string): Promise<ThawState> {
    const { StorageClass: storageClass, Restore: restore } = (await this.#head(key, false)) ?? {};
    if (!isFrozenClass(storageClass)) return 'ready';
    if (restore === undefined) return 'frozen';
    if (restore.includes('ongoing-request="true"')) return 'thawing';
    const ends = /expiry-date="([^"]+)"/.exec(restore)?.[1];
    return ends !== undefined && Date.parse(ends) <= Date.now() ? 'frozen' : 'ready';
  }

  async #head(key: string, orAbsent: boolean) {
    return await this.bucket.ask(key, async (client) => {
      try {
        return await client.send(new HeadObjectCommand({ Bucket: this.bucket.name, Key: this.bucket.prefix + key }));
      } catch (error) {
        if (orAbsent && isAbsent(error)) return undefined;
        throw error;
      }
    });
  }
}
