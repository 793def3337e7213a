/** When the locks end of what lies in a bucket. */
import type { BackupHead } from '../../domain/backup';
import { parseLsn } from '../../domain/lsn';
import type { S3Store } from '../../repository/stores/s3';
import { markerKey, WalNames } from '../../repository/wal/names';

export async function keysIn(store: S3Store, prefix: string): Promise<string[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(prefix)) keys.push(key);
  return keys;
}

/** Objects by when their lock ends; not of those that come after the backup, or go before it counts. */
export async function lockEnds(store: S3Store, prefix: string): Promise<(string | undefined)[]> {
  return await endsOf(
    store,
    (await keysIn(store, prefix)).filter((key) => !/\/(receipt\.json|owner)$/.test(key)),
  );
}

/** Of the segments between a backup's start and its end. */
export async function walLockEnds(store: S3Store, { id, databases }: BackupHead, prefix: string) {
  const span = databases?.['database'];
  if (span === undefined) throw new Error(`${id} tells of no database`);
  const marker = JSON.parse((await store.get(markerKey(span.systemIdentifier))).toString()) as { segmentSize: number };
  const names = new WalNames(span.systemIdentifier, marker.segmentSize);
  const size = BigInt(marker.segmentSize);
  const last = (parseLsn(span.stopLsn) - 1n) / size;
  const keys: string[] = [];
  for (let at = parseLsn(span.startLsn) / size; at <= last; at++) {
    keys.push(`${prefix}${names.segment(span.timeline, at)}`);
  }
  return await endsOf(store, keys);
}

async function endsOf(store: S3Store, keys: string[]): Promise<(string | undefined)[]> {
  const ends = await Promise.all(keys.map(async (key) => (await store.locks.lockOf(key))?.until.toISOString()));
  return [...new Set(ends)];
}
