/**
 * What becomes of backups, told change by change. Guaranteed: an entry holds all that the catalog knew afterwards, so that a lost head can be made
 * again from the last one. Not guaranteed: that the change was made; it is told first, and whoever tells it may die.
 */
import type { BackupHead, BackupStatus } from '../backup';

export type HistoryStatus = BackupStatus | 'removed';

export interface HistoryEntry {
  format: 1;
  /** The store's clock, RFC 3339. */
  at: string;
  /** Workflow id, or command. */
  by: string;
  backupId: string;
  /** Null: there was none, or one that cannot be read. */
  from: BackupStatus | null;
  to: HistoryStatus;
  /** Keys of the head that are not as before. */
  changed: string[];
  note?: string;
  /** As it was written; absent when it was removed. */
  head?: BackupHead;
}

/** Keys by which two states of a head differ, in order of the alphabet. */
export function changedKeys(before: BackupHead | undefined, after: BackupHead | undefined): string[] {
  if (before === undefined || after === undefined) return [];
  const [old, fresh] = [new Map(Object.entries(before)), new Map(Object.entries(after))];
  const keys = [...new Set([...old.keys(), ...fresh.keys()])];
  return keys.filter((key) => JSON.stringify(old.get(key)) !== JSON.stringify(fresh.get(key))).sort();
}

/** One line: `creating → completed`, or what changed while the status stayed. */
export function describeChange({ from, to, changed }: Pick<HistoryEntry, 'from' | 'to' | 'changed'>): string {
  if (from !== to) return from === null ? to : `${from} → ${to}`;
  return changed.length === 0 ? 'written again' : changed.map((key) => words[key] ?? key).join(', ');
}

const words: Record<string, string> = {
  verifiedAt: 'verified',
  provenAt: 'proven',
  proofs: 'checked',
  stores: 'copied',
  lock: 'locked',
};
