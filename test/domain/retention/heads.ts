/** Heads as tests of the plan want them: of one site, a day apart, told by letters. */
import type { BackupHead } from '../../../domain/backup';
import type { RetentionConfig } from '../../../domain/config/types-retention';
import { planStore } from '../../../domain/retention/plan';
import type { Decision, PlanOptions, StoreView } from '../../../domain/retention/types';

export const day = 24 * 3600_000;
export const now = Date.UTC(2026, 5, 1);

/** @param days before now */
export function head(id: string, days: number, more: Partial<BackupHead> = {}): BackupHead {
  const at = new Date(now - days * day).toISOString();
  const summary = { runs: 1, packs: 1, files: 1, bytes: 10, storedBytes: 10, warnings: [] };
  return {
    ...{ id, system: 's', site: 'dc01', tier: 'daily', type: 'full', status: 'completed', startedAt: at, endedAt: at },
    components: { files: { kind: 'files', ...summary } },
    ...{ bytes: 10, storedBytes: 10, stores: ['near'], location: '/near' },
    ...more,
  };
}

export function database(systemIdentifier: string, stop: number, timeline = 1): Partial<BackupHead> {
  const summary = { runs: 1, packs: 1, files: 1, bytes: 10, storedBytes: 10, warnings: [] };
  const lsn = (at: number) => `0/${at.toString(16)}`;
  return {
    components: { db: { kind: 'postgres', ...summary } },
    databases: { db: { systemIdentifier, timeline, startLsn: lsn(stop - 1), stopLsn: lsn(stop) } },
  };
}

export function view(heads: BackupHead[], more: Partial<StoreView> = {}): StoreView {
  return { store: 'near', heads, damaged: [], spared: [], leases: [], now, holdsBackups: true, ...more };
}

export function options(rules: object, more: Partial<RetentionConfig> = {}, policy: object = {}): PlanOptions {
  return {
    site: 'dc01',
    retention: { minimum: 1, coolOff: day, listingShare: 0.1, grace: day, ...more },
    policyOf: () => ({ rules, strategy: 'fifo', compliance: false, ...policy }),
  };
}

/** `id action: kinds of reasons` */
export function told(given: StoreView, by: PlanOptions): string[] {
  return planStore(given, by).map(
    ({ backupId, action, reasons }: Decision) => `${backupId} ${action}: ${reasons.map(({ kind }) => kind).join(' ')}`,
  );
}
