/** The activities of a site without a site: each records its call and answers what the runbook needs to go on. */
import { Context } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import type { BackupJob, ControlActivities, RestoreJob, SiteActivities } from '../../activities/contracts';
import type { ReplicationJob } from '../../activities/replicate/contracts';
import type { RetentionActivities } from '../../activities/retention/contracts';
import type { RunOutcome } from '../../domain/runs';

export const backupJob: BackupJob = {
  system: 'sys',
  site: 'dc01',
  backupId: 'sys_full_20261122_020000',
  type: 'full',
  startedAt: '2026-11-22T02:00:00.000Z',
  components: [
    { name: 'database', kind: 'postgres' },
    { name: 'config', kind: 'files' },
  ],
  store: 'hot',
  copies: ['warm'],
  jobs: 2,
  verify: 'full',
  warnings: [],
};

/** The same of a database that is read over its connection. */
export const streamedJob: BackupJob = {
  ...backupJob,
  components: [
    { name: 'database', kind: 'postgres', method: 'stream' },
    { name: 'config', kind: 'files' },
  ],
};

/** Its server pushes the WAL itself. */
export const pushingJob: BackupJob = {
  ...backupJob,
  components: backupJob.components.map((one) => (one.kind === 'postgres' ? { ...one, wal: 'command' } : one)),
};

/** Its database is marked, and its files are stored. */
export const pointJob: BackupJob = {
  ...backupJob,
  components: [{ name: 'config', kind: 'files' }],
  marked: [{ name: 'database', kind: 'postgres' }],
};

export const restoreJob: RestoreJob = {
  restoreId: 'r1',
  site: 'dc01',
  system: 'sys',
  backupId: backupJob.backupId,
  candidates: [],
  store: 'hot',
  components: [
    {
      name: 'database',
      kind: 'postgres',
      runs: 3,
      packs: 9,
      bytes: 900,
      errorCode: 'database_restore_failed',
      target: '/t',
      roots: {},
      workDir: '/w',
    },
  ],
  services: ['app'],
  inPlace: true,
  bytes: 900,
  packs: 9,
  jobs: 2,
  request: {
    site: 'dc01',
    backup: 'latest',
    inclusive: true,
    delta: false,
    skipVerification: false,
    placeOnly: false,
    start: false,
  },
  warnings: [],
};

export const replicationJob: ReplicationJob = {
  system: 'sys',
  site: 'dc01',
  backupId: backupJob.backupId,
  targets: ['dr', 'apac'],
  enough: 2,
  members: [{ backupId: backupJob.backupId, components: [{ name: 'database', runs: 3 }], bytes: 900, packs: 9 }],
  jobs: 2,
  holder: 'replicate/sys/dc01/latest/run',
};

export const oneRun: RunOutcome = { packs: 3, bytes: 300, storedBytes: 100, reused: 0, warnings: [] };

export interface MockedSite {
  calls: string[];
  activities: SiteActivities;
}

type Activities = SiteActivities & ControlActivities;
type Answers = { [Name in keyof Activities]: Awaited<ReturnType<Activities[Name]>> };

export interface Behaviour {
  /** Replaces the answer of one activity. */
  [activity: string]: (...args: never[]) => unknown;
}

const retentionAnswers: Pick<Answers, keyof RetentionActivities> = {
  planRetention: {
    request: { site: 'dc01' },
    run: 'r',
    stores: [{ store: 'hot', keep: 2, expire: 1, remove: 1, move: 0, systems: 1 }],
    warnings: [],
  },
  expireBackups: { count: 1, left: [] },
  archiveBackups: { count: 1, left: [] },
  sweepBackups: { count: 1, left: [] },
  removeOldWal: { count: 3, left: [] },
};

export function mockedSite(processQueue: string, behaviour: Behaviour = {}): MockedSite {
  const calls: string[] = [];
  const answers: Answers = {
    beginBackup: backupJob,
    beginConsolidation: { job: backupJob, of: 'sys_incremental_20261122_101010' },
    beginPoint: pointJob,
    markDatabases: { at: '2026-11-22T10:10:10.000000Z' },
    awaitMarks: undefined,
    expirePoints: { expired: 1, removed: 0 },
    planConsolidation: { runs: 3, packs: 9, files: 4, bytes: 900, lastFrom: 3, warnings: [] },
    consolidateRun: oneRun,
    checkHealth: undefined,
    announceBackup: undefined,
    awaitShipper: undefined,
    openSnapshot: { processQueue },
    planComponent: { runs: 3, packs: 9, files: 4, bytes: 900, lastFrom: 2, warnings: [] },
    storeRun: oneRun,
    closeSnapshot: undefined,
    abandonSnapshot: undefined,
    awaitSource: undefined,
    storeStream: oneRun,
    awaitWal: undefined,
    sealBackup: { bytes: 900, storedBytes: 300, packs: 9, components: [{ name: 'database', runs: 3 }] },
    verifyRun: oneRun,
    copyRun: oneRun,
    copyManifest: undefined,
    publishBackup: undefined,
    discardBackup: undefined,
    nextToCopy: { backups: [{ backupId: backupJob.backupId, to: ['dr'], enough: 1 }] },
    beginReplication: replicationJob,
    reachStore: ['lacking'],
    replicateRun: oneRun,
    replicateWal: { segments: 1, bytes: 100 },
    publishCopy: { repaired: 0 },
    endReplication: undefined,
    repairBackup: { packs: 9, repaired: [], count: 0 },
    renewLeases: 0,
    storesToClean: { stores: ['hot', 'warm'], unavailable: [] },
    cleanStore: { store: 'hot', removed: {}, left: [], more: 0 },
    receiveWal: { message: 'ended' },
    letCommitsGo: true,
    ...retentionAnswers,
    siteHealth: { problems: [], warnings: [] },
    takeTurn: {},
    alertTargets: { system: 'sys', targets: ['ops'] },
    deliverNotice: undefined,
    resolveRestore: restoreJob,
    fetchWal: { job: restoreJob, reaches: 'the end of the stored WAL' },
    checkTarget: undefined,
    recordServices: { services: { app: 'running' }, runningDatabases: [], crashedDatabases: [] },
    stopServices: undefined,
    stopStarted: undefined,
    putServicesBack: undefined,
    setDataAside: undefined,
    putDataBack: undefined,
    prepareTree: undefined,
    placeRun: oneRun,
    finishTree: undefined,
    prepareReplay: undefined,
    replay: undefined,
    validate: undefined,
    finishReplay: undefined,
    endReplay: undefined,
    startServices: undefined,
    dropSetAside: [],
    removeWorkDirs: undefined,
    planLock: { site: 'dc01', store: 'hot', mode: 'compliance', until: '2027-11-22T02:00:00.000Z' },
    lockedParts: { components: [{ name: 'database', runs: 3 }] },
    lockRun: oneRun,
    lockRest: { warnings: [] },
    planMoves: { moves: [], later: 0 },
    moveClass: true,
    offerAgain: true,
    askThaw: { packs: 9 },
    thawed: { packs: 9 },
    findBackup: { ...backupJob, components: [{ name: 'database', runs: 3 }], bytes: 900, packs: 9 },
    verifyManifest: undefined,
    verifyStructure: { warnings: [] },
    openScratch: { dir: '/s', to: '/s/restored' },
    removeScratch: undefined,
    planScenario: { backupId: backupJob.backupId, chosen: 'everything', components: ['database'], limit: 3_600_000 },
    listPlaced: ['database'],
    damagePlaced: { evidence: ['damaged'], findings: [] },
    findDamage: { evidence: ['found'], findings: [] },
    storeRecoveryTest: 'recovery-tests/dc01/20261122_020000-00000000',
    planSample: {
      ...{ system: 'sys', level: 'full', limit: 3_600_000, at: '2026-11-22T02:00:00.000000Z' },
      copies: [{ rule: 'latest', backupId: backupJob.backupId, store: 'hot' }],
    },
    judgePlaced: { evidence: ['files judged'], findings: [] },
    judgeReplayed: { evidence: ['replay judged'], findings: [] },
    verifyWal: { warnings: [] },
    recordVerified: undefined,
    writeReceipt: 'receipts/0000000001.json',
  };
  const activities = Object.fromEntries(
    Object.entries(answers).map(([name, answer]) => [
      name,
      async (...args: never[]) => {
        calls.push(name);
        return name in behaviour ? await behaviour[name]?.(...args) : answer;
      },
    ]),
  ) as unknown as SiteActivities;
  return { calls, activities };
}

export function failing(code: string): () => never {
  return () => {
    throw ApplicationFailure.create({
      type: code,
      message: `${code} happened`,
      nonRetryable: true,
      details: [{ code, hints: ['do this'] }],
    });
  };
}

/** Works until it is cancelled, as an activity of hours does. */
export async function hang(): Promise<never> {
  const activity = Context.current();
  const pulse = setInterval(() => activity.heartbeat(), 200);
  return activity.cancelled.finally(() => clearInterval(pulse));
}
