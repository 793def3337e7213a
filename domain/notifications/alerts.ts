/** What people are woken for. */
import type { ProofHealth } from '../verification/proof-health';
import { firstOf, type Notice, namedAtMost } from './notice';

const reasonTold = 500;
/** What goes wrong every few minutes is told once, and again when it still does so long after. */
const againAfter = 24 * 3_600_000;

interface Troubled {
  system: string;
  site: string;
  /** A tier, or a piece of maintenance. */
  work: string;
  workflowId: string;
  reason: string;
  code?: string;
}

/** Scheduled work that did not begin, or did not come to its end. */
export function troubleNotice(event: 'skipped' | 'failed', trouble: Troubled): Notice {
  const { system, site, work, workflowId, code } = trouble;
  const reason = trouble.reason.slice(0, reasonTold);
  return {
    ...{ event, system, site },
    subject: `the scheduled ${work} of ${site} ${event === 'skipped' ? 'was skipped' : 'failed'} (${system})`,
    lines: [reason, 'holdfast status says how old the newest is; holdfast schedules list when it runs next'],
    facts: { work, workflowId, reason, ...(code !== undefined && { code }) },
  };
}

/** @param alertedAt when this trouble was told last, RFC 3339; absent: it is new @param now milliseconds */
export function isToTell(alertedAt: string | undefined, now: number): boolean {
  return alertedAt === undefined || now - Date.parse(alertedAt) >= againAfter;
}

/** Components whose backups are not proved as the policy wants; undefined: all are. */
export function proofNotice(of: { system: string; site: string }, health: ProofHealth[]): Notice | undefined {
  const alarming = health.filter(({ alarms }) => alarms);
  if (alarming.length === 0) return undefined;
  const told = alarming.slice(0, namedAtMost).map(({ component, state, newest, failing }) => ({
    ...{ component, state, ...(newest && { newest: newest.at }) },
    failing: failing.slice(0, namedAtMost).map(({ backupId, store }) => `${backupId} in ${store}`),
  }));
  return {
    ...{ event: 'unproved', ...of },
    subject: `backups of ${firstOf(alarming.map(({ component }) => component))} are not proved (${of.system} ${of.site})`,
    lines: told.map(
      ({ component, state, newest = 'never', failing }) =>
        `${component}: ${state}; proved last: ${newest}${failing.length > 0 ? `; found wrong: ${failing.join(', ')}` : ''}`,
    ),
    facts: { components: told },
  };
}
