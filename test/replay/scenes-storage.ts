/** Runs with locks and with thaws; kept like the others. */
import { type Behaviour, backupJob, failing, replicationJob, restoreJob } from '../workflows/mocked-site';
import type { Scene } from './scenes';

const backup = { type: 'full', upload: true };
const restore = restoreJob.request;

const wish = { mode: 'compliance', for: 86_400_000, provisional: 3_600_000 } as const;

/** An incremental one, so that what it builds upon is locked with it. */
export const lockedJob = {
  ...backupJob,
  type: 'incremental' as const,
  chain: [{ backupId: 'sys_full_20261121_020000', manifestSha256: '0'.repeat(64) }],
  locks: { hot: wish, warm: wish },
};

const need = { store: 'deep', storageClass: 'DEEP_ARCHIVE', tier: 'Bulk', ms: 172_800_000 };
export const frozenJob = { ...restoreJob, thaw: { ...need, wait: 30_000 } };
const impatientJob = { ...restoreJob, thaw: { ...need, wait: 2000 } };

/** Not ready at first, ready up to a place then, and at last ready. */
export function thawing(): Behaviour {
  const answers = [
    { packs: 0, after: 'deep/b p', waiting: true },
    { packs: 5000, after: 'deep/b q' },
    { packs: 4, after: 'deep/b r', waiting: true },
    { packs: 5 },
  ];
  return {
    resolveRestore: () => frozenJob,
    fetchWal: () => ({ job: frozenJob }),
    thawed: () => answers.shift() ?? { packs: 0 },
  };
}

const order = { backupId: backupJob.backupId, class: 'GLACIER_IR', site: 'dc01', store: 'warm' };

/** One copied, one that fails in a store that is away, and one that is not tried there any more. */
const toStores = {
  ...{ system: 'sys', moves: [], later: 0 },
  copies: ['dr', 'apac', 'apac'].map((to, at) => ({ backupId: `${backupJob.backupId}${at}`, to })),
  again: [{ backupId: backupJob.backupId, store: 'hot' }],
};

/** The second copy finds its store away. */
export function movingToStores(): Behaviour {
  return {
    planMoves: () => toStores,
    beginReplication: ({ site, backup, stores }: { site: string; backup: string; stores: string[] }) => ({
      ...replicationJob,
      ...{ site, backupId: backup, targets: stores, enough: 1 },
    }),
    reachStore: ({ to }: { to: string }) => (to === 'apac' ? failing('store_unavailable')() : ['lacking']),
  };
}

export const storageScenes: Scene[] = [
  { type: 'moveBackups', reason: 'to-other-stores', behaviour: movingToStores },
  {
    type: 'moveBackups',
    reason: 'one-moved-one-read',
    behaviour: () => {
      let calls = 0;
      return {
        planMoves: () => ({ moves: [order, { ...order, class: 'DEEP_ARCHIVE' }], later: 3 }),
        moveClass: () => ++calls === 1,
      };
    },
  },
  {
    type: 'moveBackups',
    reason: 'dry-run',
    request: { dryRun: true },
    behaviour: () => ({ planMoves: () => ({ moves: [order], later: 0 }) }),
  },
  { type: 'backup', reason: 'locked', request: backup, behaviour: () => ({ beginBackup: () => lockedJob }) },
  {
    type: 'backup',
    reason: 'locked-and-discarded',
    request: backup,
    behaviour: () => ({
      beginBackup: () => lockedJob,
      lockRest: failing('store_denied'),
      discardBackup: () => ({ warnings: ['9 objects of the discarded backup stay in hot, locked until tomorrow'] }),
    }),
  },
  { type: 'restore', reason: 'thawed', request: restore, behaviour: thawing },
  {
    type: 'restore',
    reason: 'thaw-given-up',
    request: restore,
    behaviour: () => ({
      resolveRestore: () => impatientJob,
      fetchWal: () => ({ job: impatientJob }),
      thawed: () => ({ packs: 0, after: 'deep/b p', waiting: true }),
    }),
  },
  {
    type: 'restore',
    reason: 'thaw-dry-run',
    request: { ...restore, dryRun: true },
    behaviour: () => ({
      resolveRestore: () => ({ ...frozenJob, request: { ...restore, dryRun: true } }),
      fetchWal: () => ({ job: { ...frozenJob, request: { ...restore, dryRun: true } } }),
    }),
  },
];
