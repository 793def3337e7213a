/** Runs of replication whose histories are kept. */
import { type Behaviour, failing, oneRun, replicationJob } from '../workflows/mocked-site';
import type { Scene } from './scenes';

const one = { backup: 'latest' };

export const replicationScenes: Scene[] = [
  { type: 'replicateBackup', reason: 'completed', request: one },
  {
    type: 'replicateBackup',
    reason: 'there-already',
    request: one,
    behaviour: () => ({ reachStore: () => ['there'] }),
  },
  {
    type: 'replicateBackup',
    reason: 'damaged-there',
    request: one,
    behaviour: () => ({ reachStore: () => ['damaged'] }),
  },
  { type: 'replicateBackup', reason: 'one-region-away-and-enough', request: one, behaviour: () => away(1) },
  { type: 'replicateBackup', reason: 'one-region-away', request: one, behaviour: () => away(2) },
  { type: 'replicateBackups', reason: 'completed', behaviour: twoPages },
  {
    type: 'replicateBackups',
    reason: 'a-backup-without-its-copy',
    behaviour: () => ({ replicateRun: failing('store_full') }),
  },
  { type: 'packRuns', reason: 'replicated', request: packs() },
];

function away(enough: number): Behaviour {
  const reachStore = ({ to }: { to: string }) => (to === 'dr' ? failing('store_denied')() : ['lacking']);
  return { beginReplication: () => ({ ...replicationJob, enough }), reachStore };
}

function twoPages(): Behaviour {
  const page = (id: string, after?: string) => ({ backups: [{ backupId: id, to: ['dr'], enough: 1 }], after });
  const nextToCopy = ({ after }: { after?: string }) => (after === undefined ? page('b1', 'b1') : page('b2'));
  return { nextToCopy, replicateRun: () => ({ ...oneRun, sentBytes: 100, repaired: 1 }) };
}

function packs(): object {
  const { backupId, holder } = replicationJob;
  const work = { kind: 'replicate', site: 'dc01', backupId, component: 'database', to: 'dr', read: false, holder };
  return { work, from: 0, to: 3, jobs: 2 };
}
