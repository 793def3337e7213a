/** A limit of time for a whole runbook: what it was at is cancelled, and the frame undoes what there is to undo. */
import { CancellationScope, isCancellation, log } from '@temporalio/workflow';
import { formatDuration } from '../../domain/config/units';
import { refuse } from './failure';

/**
 * @param ms milliseconds
 * @param what for people
 * @throws HoldfastError `timed_out`
 */
export async function within<T>(ms: number, what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await CancellationScope.withTimeout(ms, action);
  } catch (error) {
    // Somebody's abort is theirs.
    if (!isCancellation(error) || CancellationScope.current().consideredCancelled) throw error;
    log.error(`${what} took longer than ${formatDuration(ms)} and was given up`);
    return refuse('timed_out', `${what} took longer than ${formatDuration(ms)}`, [
      'see in the Web UI which step took so long; `holdfast status` says how old the newest is',
    ]);
  }
}
