/** Other programs that do the same work, with the same settings where they have them: two processes, zstd level 3, AES-256. */
import type { Measured } from '../contest';

export interface Peer {
  name: string;
  backup(): Promise<Measured>;
  /** What changed since the backup before; `stored MB` tells what that took. Absent where it has no such thing. */
  incremental?(): Promise<Measured>;
  /** Into an empty folder, from what the last backup left. */
  restore(target: string): Promise<Measured>;
  /** Reads everything that its backups left, and compares it. */
  verify?(): Promise<Measured>;
  /** Removes what backups left, but for what a restore needs. */
  cleanBackup?(): Promise<void>;
}

export const level = 3;
export const processes = 2;
