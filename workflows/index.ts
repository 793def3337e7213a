/**
 * Every workflow type that workers run. The names are a contract: histories and clients know them.
 *
 * Guaranteed: a workflow file is a runbook, and the frame carries the rest (undo, progress, receipt); nothing here does anything but ask
 * activities, so that it can be replayed. Not guaranteed: undo after *terminate*. Whoever changes the order of what is
 * asked looks at `test/replay` first: runs that are under way meet the new code.
 */
export { backup } from './backup/backup';
export { cleanUp } from './clean-up';
export { consolidate } from './consolidate';
export { moveBackups } from './move-backups';
export { packRuns } from './pack-runs';
export { recoveryPoint } from './point/recovery-point';
export { replicateBackup } from './replicate/replicate-backup';
export { replicateBackups } from './replicate/replicate-backups';
export { pointInTimeRestore } from './restore/point-in-time-restore';
export { restore } from './restore/restore';
export { applyRetention } from './retention/apply-retention';
export { expireAtUnlock } from './retention/expire-at-unlock';
export { siteCheck } from './schedule/look';
export { scheduledRun } from './schedule/scheduled-run';
export { shipWal } from './ship-wal';
export { recoveryScenario } from './verify/recovery-scenario';
export { recoveryTest } from './verify/recovery-test';
export { verifyBackup } from './verify/verify-backup';
export { verifySample } from './verify/verify-sample';
