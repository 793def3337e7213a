import type { RetentionJob, RetentionPart, RetentionRequest, StageDone } from '../../domain/retention/requests';

export interface RetentionActivities {
  planRetention(request: RetentionRequest): Promise<RetentionJob>;
  expireBackups(part: RetentionPart): Promise<StageDone>;
  /** @returns how many are archived since now */
  archiveBackups(part: RetentionPart): Promise<StageDone>;
  sweepBackups(part: RetentionPart): Promise<StageDone>;
  /** @returns how many objects went */
  removeOldWal(part: RetentionPart): Promise<StageDone>;
}
