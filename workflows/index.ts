/** Every workflow type that workers run. The names are a contract: histories and clients know them. */
export { backup } from './backup/backup';
export { packRuns } from './pack-runs';
export { pointInTimeRestore } from './restore/point-in-time-restore';
export { restore } from './restore/restore';
export { shipWal } from './ship-wal';
export { verifyBackup } from './verify-backup';
