/** What the activities of scheduled runs take and give. */
import type { Health, HealthQuestion, Turn, TurnQuestion } from '../../domain/schedule/request';

export interface ScheduleSiteActivities {
  siteHealth(question: HealthQuestion): Promise<Health>;
}

export interface ScheduleControlActivities {
  takeTurn(question: TurnQuestion): Promise<Turn>;
}
