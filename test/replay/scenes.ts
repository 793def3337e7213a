/** The runs whose histories are kept: for each workflow type every way it can end, and every branch that changes what it asks for. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { ApplicationFailure } from '@temporalio/common';
import { shippingWorkflowId } from '../../domain/requests';
import { runsPerHistory } from '../../workflows/pack-runs';
import {
  type Behaviour,
  backupJob,
  failing,
  hang,
  oneRun,
  pushingJob,
  restoreJob,
  streamedJob,
} from '../workflows/mocked-site';
import type { Stage } from '../workflows/with-workers';
import { cancelAt, type Scene } from './scene';
import { cleanupScenes } from './scenes-cleanup';
import { noticeScenes } from './scenes-notices';
import { replicationScenes } from './scenes-replication';
import { retentionScenes } from './scenes-retention';
import { scheduleScenes } from './scenes-schedule';
import { storageScenes } from './scenes-storage';
import { unlockScenes } from './scenes-unlock';
import { verificationScenes } from './scenes-verification';

export type { Scene } from './scene';

const backup = { type: 'full', upload: true };
const restore = restoreJob.request;
const toTime = { ...restore, at: '2026-11-22T02:00:00+00:00' };
const point = { tier: 'continuous', upload: true, timeout: 300_000 };
const consolidate = { backup: 'latest' };

export const scenes: Scene[] = [
  ...verificationScenes,
  ...retentionScenes,
  ...noticeScenes,
  ...scheduleScenes,
  { type: 'backup', reason: 'completed', request: backup },
  {
    type: 'backup',
    reason: 'shipper-running',
    request: backup,
    before: shipper,
    behaviour: () => ({ receiveWal: hang }),
  },
  {
    type: 'backup',
    reason: 'wal-pushed-by-the-server',
    request: backup,
    behaviour: () => ({ beginBackup: () => pushingJob }),
  },
  {
    type: 'backup',
    reason: 'failed-and-discarded',
    request: backup,
    behaviour: () => ({ awaitWal: failing('wal_not_stored') }),
  },
  {
    type: 'backup',
    reason: 'session-lost-once',
    request: backup,
    behaviour: () => ({ closeSnapshot: once('backup_session_lost') }),
  },
  { type: 'backup', reason: 'session-process-gone', request: backup, behaviour: processGone },
  {
    type: 'backup',
    reason: 'aborted',
    request: backup,
    behaviour: () => ({ storeRun: hang }),
    act: cancelAt('store packs'),
  },
  { type: 'backup', reason: 'dry-run', request: { ...backup, dryRun: true } },
  { type: 'backup', reason: 'runs-in-children', request: backup, behaviour: () => ({ planComponent: () => large }) },
  { type: 'backup', reason: 'streamed', request: backup, behaviour: () => ({ beginBackup: () => streamedJob }) },
  {
    type: 'backup',
    reason: 'streamed-cut-once',
    request: backup,
    behaviour: () => ({ beginBackup: () => streamedJob, storeStream: once('backup_session_lost', oneRun) }),
  },
  {
    type: 'backup',
    reason: 'streamed-aborted',
    request: backup,
    behaviour: () => ({ beginBackup: () => streamedJob, storeStream: hang }),
    act: cancelAt('stream packs'),
  },
  { type: 'restore', reason: 'completed', request: restore },
  {
    type: 'restore',
    reason: 'placed-only',
    request: { ...restore, placeOnly: true, to: '/t', skipVerification: true },
  },
  {
    type: 'restore',
    reason: 'refused',
    request: restore,
    behaviour: () => ({ resolveRestore: failing('backup_not_found') }),
  },
  {
    type: 'restore',
    reason: 'failed-and-undone',
    request: restore,
    behaviour: () => ({ validate: failing('validation_failed') }),
  },
  { type: 'restore', reason: 'undo-failed', request: restore, behaviour: undoFails },
  {
    type: 'restore',
    reason: 'services-not-healthy',
    request: restore,
    behaviour: () => ({ startServices: failing('service_start_failed') }),
  },
  {
    type: 'restore',
    reason: 'no-receipt',
    request: restore,
    behaviour: () => ({ writeReceipt: failing('store_unavailable') }),
  },
  { type: 'pointInTimeRestore', reason: 'completed', request: toTime },
  {
    type: 'pointInTimeRestore',
    reason: 'aborted',
    request: toTime,
    behaviour: () => ({ replay: hang }),
    act: cancelAt('replay'),
  },
  { type: 'pointInTimeRestore', reason: 'dry-run', request: { ...toTime, dryRun: true } },
  { type: 'consolidate', reason: 'completed', request: consolidate },
  {
    type: 'consolidate',
    reason: 'failed-and-undone',
    request: consolidate,
    behaviour: () => ({ consolidateRun: failing('invalid_backup') }),
  },
  { type: 'recoveryPoint', reason: 'completed', request: point },
  {
    type: 'recoveryPoint',
    reason: 'given-up',
    request: { ...point, timeout: 3000 },
    behaviour: () => ({ awaitMarks: hang }),
  },
  { type: 'recoveryPoint', reason: 'dry-run', request: { ...point, dryRun: true } },
  ...replicationScenes,
  { type: 'packRuns', reason: 'placed', request: packRuns('place') },
  {
    type: 'packRuns',
    reason: 'copy-failed',
    request: packRuns('copy'),
    behaviour: () => ({ copyRun: failing('store_full') }),
  },
  {
    type: 'shipWal',
    reason: 'in-trouble-then-stopped',
    request: { component: 'database' },
    behaviour: trouble,
    act: cancelWhen('receiveWal', 3),
  },
  {
    type: 'shipWal',
    reason: 'worker-lost',
    request: { component: 'database' },
    behaviour: lostOnce,
    act: cancelWhen('receiveWal', 2),
  },
  {
    type: 'shipWal',
    reason: 'in-trouble-before-deaths-were-told',
    kept: true,
  },
  {
    type: 'shipWal',
    reason: 'asked-for-a-backup-twice',
    request: { component: 'database' },
    behaviour: lostWal,
    act: cancelWhen('receiveWal', 3),
  },
  ...cleanupScenes,
  ...storageScenes,
  ...unlockScenes,
];

/** One run more than a history takes. */
const runs = runsPerHistory + 1;
const large = { runs, packs: runs, files: 1, bytes: 1, lastFrom: runs, warnings: [] };

function packRuns(kind: 'place' | 'copy'): object {
  const where = kind === 'place' ? { roots: {}, workDir: '/w', delta: false } : { to: 'warm' };
  const work = {
    kind,
    site: backupJob.site,
    backupId: backupJob.backupId,
    component: 'database',
    store: 'hot',
    ...where,
  };
  return { work, from: 0, to: 5, jobs: 2 };
}

function once(code: string, answer?: object): () => unknown {
  let calls = 0;
  return () => (calls++ === 0 ? failing(code)() : answer);
}

/** The first snapshot is held by a process that nobody can reach any more. */
function processGone(): Behaviour {
  let calls = 0;
  const real = (part: { site: string }) => ({ processQueue: `process-${part.site}` });
  return { openSnapshot: (part: never) => (calls++ === 0 ? { processQueue: 'process-that-ended' } : real(part)) };
}

function undoFails(): Behaviour {
  return { replay: failing('log_apply_failed'), putDataBack: failing('undo_failed') };
}

/** A receiver that fails, ends in order when called again, and runs on when called a third time. */
function trouble(): Behaviour {
  let calls = 0;
  const receiveWal = () => {
    calls++;
    if (calls === 1) throw ApplicationFailure.nonRetryable('no connection to the server', 'postgres_unreachable');
    return calls === 2 ? { message: 'the receiver ended at 0/3000000' } : hang();
  };
  return { receiveWal };
}

/** A receiver that lost WAL for good, and lost some more while the backup behind the first gap was still running. */
function lostWal(): Behaviour {
  let calls = 0;
  const workflowId = `backup/behind-a-gap/${randomUUID()}`;
  const receiveWal = ({ site }: { site: string }) => {
    const request = { site, ...backup, components: ['database'] };
    return ++calls < 3 ? { message: 'WAL is lost', backup: { workflowId, request, reason: 'WAL is lost' } } : hang();
  };
  return { receiveWal, storeRun: hang };
}

async function shipper({ site, start }: Stage): Promise<void> {
  await start('shipWal', { component: 'database' }, shippingWorkflowId(backupJob.system, site, 'database'));
}

function cancelWhen(activity: string, times: number): NonNullable<Scene['act']> {
  return async ({ calls }, handle) => {
    while (calls.filter((call) => call === activity).length < times) await sleep(100);
    await handle.cancel();
  };
}

/** A receiver whose worker falls silent in the middle, and the next one, which runs on. */
function lostOnce(): Behaviour {
  let calls = 0;
  return { receiveWal: () => (calls++ === 0 ? sleep(7000) : hang()) };
}
