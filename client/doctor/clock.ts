/** Clocks that disagree make objectives and ages untrue, and S3 refuses requests signed 15 minutes off. */
import { formatDuration } from '../../domain/config/units';
import { type Finding, ok, problem, warning } from './finding';

const toleratedMs = 2000;
const refusedMs = 5 * 60_000;

/**
 * @param clock asks the other clock; half of the time the answer took is taken for its age
 */
export async function checkClock(whose: string, clock: () => Promise<Date>): Promise<Finding> {
  const before = Date.now();
  const theirs = (await clock()).getTime();
  const after = Date.now();
  const off = Math.abs(theirs - (before + after) / 2);
  const allowed = toleratedMs + (after - before) / 2;
  if (off <= allowed) return ok('clock', `the clocks of this host and of ${whose} agree`);
  const what = `the clocks of this host and of ${whose} are ${formatDuration(off)} apart`;
  const hint = 'let both follow a time server (chrony, systemd-timesyncd)';
  return off > refusedMs ? problem('clock', what, hint) : warning('clock', what, hint);
}
