/**
 * Proves object lock by trying to break it: a probe is locked for a minute, and then everything is tried that must be refused. The probe stays until
 * its lock ends, and the next `doctor` removes it.
 */
import { randomBytes } from 'node:crypto';
import { DeleteObjectCommand, GetObjectCommand, PutObjectRetentionCommand, type S3Client } from '@aws-sdk/client-s3';
import type { LockMode } from '../../domain/backup';
import type { S3StoreConfig } from '../../domain/config/types';
import type { Store } from '../../repository/store';
import { type Finding, ok, problem, warning } from './finding';

const prefix = 'probe/lock-';
const lockMs = 60_000;

/** @param wanted how backups are to be locked there; undefined: not at all */
export async function checkLock(
  store: Store,
  client: S3Client,
  config: S3StoreConfig,
  wanted: LockMode | undefined,
): Promise<Finding[]> {
  if (wanted === undefined) return [];
  const { locks } = store;
  if (!(await locks?.supported())) {
    const hint =
      'make a bucket with object lock, which is chosen at its birth, or leave the store out of immutable tiers';
    return [problem('lock_unsupported', `nothing can be locked in ${store.location}, and backups are to be`, hint)];
  }
  const left = await removeOld(store);
  const key = `${prefix}${randomBytes(12).toString('hex')}`;
  const until = new Date((await store.clock()).getTime() + lockMs);
  await store.put(key, Buffer.from('locked'), { lock: { mode: wanted, until } });
  const broken = await broke({ store, client, config, key, mode: wanted, until });
  const found =
    broken.length === 0
      ? ok('lock', `a probe locked in ${wanted} mode could be deleted, replaced and shortened by nobody`)
      : problem(
          'lock',
          `a locked probe was not safe from everybody: ${broken.join(', ')}`,
          wanted === 'governance'
            ? 'take s3:BypassGovernanceRetention from these credentials, or lock in compliance mode'
            : 'the service does not keep what it promises: use another one for immutable backups',
        );
  const old = left > 0 ? [warning('lock', `${left} older probes are locked still`, 'a later doctor removes them')] : [];
  return [found, ...old];
}

interface Probe {
  store: Store;
  client: S3Client;
  config: S3StoreConfig;
  key: string;
  mode: LockMode;
  until: Date;
}

/** What was possible, in words. */
async function broke({ store, client, config, key, mode, until }: Probe): Promise<string[]> {
  const object = { Bucket: config.bucket, Key: config.prefix === undefined ? key : `${config.prefix}/${key}` };
  const { VersionId } = await client.send(new GetObjectCommand(object));
  const version = { ...object, VersionId };
  const Mode = mode === 'compliance' ? ('COMPLIANCE' as const) : ('GOVERNANCE' as const);
  const shorter = { Mode, RetainUntilDate: new Date(until.getTime() - lockMs / 2) };
  const shorten = { ...version, Retention: shorter };
  const attempts: [string, () => Promise<unknown>][] = [
    ['its lock was shortened', () => client.send(new PutObjectRetentionCommand(shorten))],
    [
      'its lock was shortened by who may lift locks',
      () => client.send(new PutObjectRetentionCommand({ ...shorten, BypassGovernanceRetention: true })),
    ],
    ['it was deleted', () => client.send(new DeleteObjectCommand(version))],
    [
      'it was deleted by who may lift locks',
      () => client.send(new DeleteObjectCommand({ ...version, BypassGovernanceRetention: true })),
    ],
  ];
  const broken: string[] = [];
  for (const [what, attempt] of attempts) if (!(await isRefused(attempt))) broken.push(what);
  // To replace an object is to put another version above it: what was locked must be there as it was.
  await store.put(key, Buffer.from('replaced'));
  const { Body } = await client.send(new GetObjectCommand(version)).catch(() => ({ Body: undefined }));
  if ((await Body?.transformToString()) !== 'locked') broken.push('it was replaced');
  return broken;
}

async function isRefused(attempt: () => Promise<unknown>): Promise<boolean> {
  try {
    await attempt();
    return false;
  } catch (error) {
    const { $metadata } = error as { $metadata?: { httpStatusCode?: number } };
    if ($metadata?.httpStatusCode === undefined || $metadata.httpStatusCode >= 500) throw error;
    return true;
  }
}

/** @returns how many stay */
async function removeOld(store: Store): Promise<number> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return (await store.locks?.deleteUnlocked(keys))?.length ?? 0;
}
