/** The configuration of what runs by itself. */
export const priorities = ['high', 'normal', 'low'] as const;
export type Priority = (typeof priorities)[number];

/** What runs by itself besides the tiers: crons, or `off`. */
export const maintenanceKinds = [
  'retention',
  'moves',
  'replication',
  'verification',
  'recoveryTests',
  'cleanup',
  'drill',
] as const;
export type MaintenanceKind = (typeof maintenanceKinds)[number];

export type MaintenanceConfig = Record<MaintenanceKind, string> & {
  /** Milliseconds. */
  jitter?: number;
  /** Scheduled runs that may work with one store at the same time. */
  atOnce: number;
  /** How long a schedule may be paused before somebody is told, in milliseconds. */
  pauseLimit: number;
};
