/**
 * What `up` and `worker` tell Prometheus: the names, and what each means. Base units; every one is a gauge. Where nothing is measured there is
 * no sample, never a zero.
 */
export const metrics = {
  // by system, site, component, store
  holdfast_rpo_seconds: 'work that would be lost if only this store were left now',
  holdfast_rto_seconds: 'estimated time of a restore from this store to its newest point',
  holdfast_ledger_checked_timestamp_seconds: 'when a shipper last looked at the stored WAL, by the clock of the store',
  holdfast_ledger_faults: 'stored WAL that is missing, altered or foreign, not mended and not acknowledged',
  holdfast_wal_gaps: 'gaps in the stored WAL that nobody has acknowledged',
  // by system, site, component
  holdfast_rpo_objective_seconds: 'work that may be lost at most',
  holdfast_rto_objective_seconds: 'time that a restore may take at most',
  holdfast_objective_missed: '1: missed, as status judges it; by objective (rpo, rto)',
  holdfast_proof_timestamp_seconds: 'when a backup of it was last proved, as thoroughly as the policy wants',
  holdfast_proof_overdue: '1: that is too long ago, or never was, as status judges it',
  holdfast_proof_failing: 'copies of its backups that were found wrong, and not found right since',
  holdfast_shipper_streaming: '1: the shipper streams; 0: it does not, or there is none',
  holdfast_commits_synchronous: '1: commits wait until the stores have them; by the mode that is configured',
  holdfast_wal_retained_bytes: 'WAL that the server keeps for the shipper',
  holdfast_wal_room_bytes: 'how much more the server can keep',
  holdfast_wal_room_seconds: 'until WAL is lost or the disk full at the present rate, if nothing more were shipped',
  // by system, site, tier (empty: backups without one), kind (backup, or point: a recovery point of a tier)
  holdfast_last_backup_timestamp_seconds: 'when the newest completed backup ended',
  holdfast_last_backup_bytes: 'bytes of source that the newest completed backup read',
  holdfast_last_backup_stored_bytes: 'bytes that the newest completed backup put into its first store',
  // by system, site, tier
  holdfast_tier_age_limit_seconds:
    'how old the newest backup of a tier may be: the period of its schedule and the grace',
  // by system, site, work (a tier, or a piece of maintenance)
  holdfast_schedule_applied: '1: the engine has the schedule; 0: it is configured only',
  holdfast_schedule_paused: '1: somebody paused the schedule',
  holdfast_schedule_forgotten: '1: the schedule has been paused for longer than `maintenance.pauseLimit`',
  holdfast_schedule_troubled: '1: the last scheduled run was skipped or failed',
  // by system, site, work (a piece of maintenance)
  holdfast_maintenance_completed_timestamp_seconds: 'when it was last done, whoever started it',
  holdfast_maintenance_overdue: '1: that is longer ago than its schedule and the grace allow, or it never was',
  holdfast_maintenance_failing: '1: its newest run refused to begin, or failed',
  // by system, target
  holdfast_notification_failing: '1: the last notice to this target did not arrive; of the process that sent it',
  holdfast_notification_timestamp_seconds: 'when the last one was sent, arrived or not',
  // by system, site, store
  holdfast_copies_missing: 'backups that tiers want copied into this store and that it has not',
  holdfast_copies_missing_age_seconds: 'since the oldest of them counts; 0: none is missing',
  holdfast_copies_late: '1: a copy is missing for longer than was promised',
  holdfast_store_measured:
    '1: this store was read for these metrics; 0: it did not answer, or there is no repository yet',
  holdfast_measured_timestamp_seconds: 'when this store was last read for these metrics',
} as const;

export type MetricName = keyof typeof metrics;

export type Labels = Record<string, string>;

export interface Sample {
  name: MetricName;
  labels: Labels;
  value: number;
}
