/** Maintenance as `status` shows it: when each was last done, and how its newest run ended. */
import { formatDuration } from '../../domain/config/units';
import type { MaintenanceHealth } from '../../domain/schedule/maintenance';
import { table } from './table';

export function maintenanceTable(maintenance: MaintenanceHealth[], now: number): string[] {
  if (maintenance.length === 0) return [];
  const rows = maintenance.map(({ site, work, last, lastCompleted, limitSeconds, overdue }) => [
    ...[site, work, lastCompleted ?? 'never'],
    lastCompleted === undefined ? '' : shown(now - Date.parse(lastCompleted)),
    shown(limitSeconds * 1000),
    overdue ? 'overdue' : '',
    last === undefined ? '' : [last.outcome, last.code].filter(Boolean).join(': '),
  ]);
  const head = ['SITE', 'MAINTENANCE', 'LAST DONE', 'AGO', 'ALLOWED', '', 'NEWEST RUN'];
  return ['', table(head, rows, ['AGO', 'ALLOWED'])];
}

function shown(ms: number): string {
  return formatDuration(Math.max(0, Math.round(ms / 1000)) * 1000);
}
