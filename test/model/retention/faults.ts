/** Faults that can be planted around the code that ships: each is one that lost somebody's data. The judges must find every one. */
import type { BackupHead } from '../../../domain/backup';
import type { Config } from '../../../domain/config/types';
import type { StorePlan } from '../../../domain/retention/types';

export interface Fault {
  /** What retention sees of a head. */
  head?: (head: BackupHead, all: BackupHead[]) => BackupHead;
  /** Keys that it does not look at. */
  hides?: (key: string) => boolean;
  config?: (config: Config) => Config;
  wal?: (plan: StorePlan) => StorePlan['wal'];
  /** It takes what is in the first store for being in the second as well. */
  imagines?: boolean;
  /** It does not ask whether what it sees is all there is. */
  believes?: boolean;
  /** It archives as if no rule kept anything. */
  forgetsRules?: boolean;
  /** It changes the class of what is locked. */
  freezesLocked?: boolean;
}

const withRetention = (config: Config, change: Partial<Config['retention']>): Config => ({
  ...config,
  retention: { ...config.retention, ...change },
});

export const faults: Record<string, Fault> = {
  'ignore-leases': { hides: (key) => key.startsWith('leases/') },
  'ignore-pins': { hides: (key) => key.startsWith('retention/') },
  'ignore-locks': { head: ({ lock, ...head }) => head },
  'drop-parent': { head: ({ chain, ...head }) => head },
  'drop-source': { head: ({ marks, ...head }) => ({ ...head, ...(marks && { marks: {} }) }) },
  'order-by-name': { head: (head, all) => ({ ...withoutPlace(head), storedAt: byName(head, all) }) },
  'order-by-timeline': { head: (head) => ({ ...withoutPlace(head), storedAt: byTimeline(head) }) },
  'mix-systems': { head: (head, all) => ({ ...withoutPlace(head), storedAt: byPosition(head, all) }) },
  'off-by-one-minimum': { config: (config) => withRetention(config, { minimum: config.retention.minimum - 1 }) },
  'skip-cool-off': { config: (config) => withRetention(config, { coolOff: 0 }) },
  'wal-too-far': {
    wal: ({ wal }) => wal.map((need) => ({ ...need, windows: need.windows.slice(1), spans: need.spans.slice(1) })),
  },
  'believe-listing': { believes: true },
  'count-checksums': { head: provenByAnything },
  'forget-failures': {
    head: ({ proofs = [], ...head }) => ({ ...head, proofs: proofs.filter(({ outcome }) => outcome !== 'failed') }),
  },
  'move-before-copied': { imagines: true },
  'archive-what-is-kept': { forgetsRules: true },
  'freeze-what-is-locked': { freezesLocked: true },
};

function withoutPlace({ databases, ...head }: BackupHead): BackupHead {
  return head;
}

/** As if what was read had been restored. */
function provenByAnything(head: BackupHead): BackupHead {
  const last = (head.proofs ?? []).findLast(({ outcome }) => outcome !== 'failed');
  return { ...head, ...(last && { provenAt: last.at }) };
}

/** Names tell their kind before their time. */
function byName({ id }: BackupHead, all: BackupHead[]): string {
  return ranked(all.map((one) => one.id).sort(), id, all);
}

function byTimeline({ databases, startedAt }: BackupHead): string {
  const timeline = databases?.['db']?.timeline ?? 0;
  return new Date(Date.parse(startedAt) - (20 - timeline) * 24 * 3600_000).toISOString();
}

/** As if positions went on from one system to the next. */
function byPosition(head: BackupHead, all: BackupHead[]): string {
  const position = ({ databases }: BackupHead) => (databases?.['db']?.stopLsn ?? '').padStart(20, '0');
  const sorted = all.toSorted((a, b) => (position(a) < position(b) ? -1 : 1)).map(({ id }) => id);
  return ranked(sorted, head.id, all);
}

/** The times that there are, dealt out in another order. */
function ranked(ids: string[], id: string, all: BackupHead[]): string {
  const times = all.map(({ storedAt, startedAt }) => storedAt ?? startedAt).sort();
  return times[ids.indexOf(id)] ?? '';
}
