/** How long a restore of each component from each store would take now. */
import type { BackupHead } from '../../domain/backup';
import { parseLsn } from '../../domain/lsn';
import { estimateRestore, type RestoreSample, type RestoreTime, restoreSamples } from '../../domain/objectives';
import type { RepositoryCopy } from '../../repository/copy';
import { recentReceipts } from '../../repository/receipts';

/** Receipts that are looked through for restores. */
const lookedThrough = 60;

export async function samplesOf(copies: RepositoryCopy[]): Promise<RestoreSample[]> {
  const [copy] = copies;
  if (!copy) return [];
  return restoreSamples((await recentReceipts(copy, lookedThrough)).map(({ holdfast }) => holdfast));
}

/** From the newest backup that `store` holds; with a database, up to what is stored of its WAL. */
export function restoreTime(
  heads: BackupHead[],
  component: string,
  store: string | undefined,
  samples: RestoreSample[],
  wal?: { fromLsn: string; toLsn: string },
): RestoreTime | undefined {
  const head = heads.findLast(({ stores }) => store === undefined || stores.includes(store));
  if (!head) return undefined;
  const summary = head.components[component];
  // An incremental backup brings back all of the data, whatever it stored itself.
  const bytes = summary?.size ?? summary?.bytes ?? 0;
  const walBytes = wal ? Number(parseLsn(wal.toLsn) - parseLsn(wal.fromLsn)) : 0;
  const full = heads.findLast(({ type, seconds }) => type === 'full' && seconds);
  const backupBytesPerSecond = full?.seconds ? full.bytes / full.seconds : undefined;
  return estimateRestore({ bytes, walBytes, backupBytesPerSecond }, samples);
}
