/** Results of recovery tests, as the stores keep them. */
import { nearestName } from '../../domain/config/nearest';
import { HoldfastError } from '../../domain/errors';
import type { RecoveryTestResult } from '../../domain/verification/results';
import { recentRecoveryTests, recoveryTestOf } from '../../repository/recovery-tests';
import type { Repository } from '../../repository/repository';

/** Runs of a site that a report tells of. */
const shown = 20;

/** Newest first, each once. */
export async function recentTests(repository: Repository | undefined, sites: string[]): Promise<RecoveryTestResult[]> {
  const byRun = new Map<string, RecoveryTestResult>();
  for (const copy of repository?.copies ?? []) {
    for (const site of sites) {
      for (const one of await recentRecoveryTests(copy, site, shown)) byRun.set(one.runId, one);
    }
  }
  return newestFirst(byRun);
}

/** However old; of a beginning every run that begins so. @throws HoldfastError `recovery_not_found` with the nearest id */
export async function testsOfRun(
  repository: Repository | undefined,
  sites: string[],
  run: string,
): Promise<RecoveryTestResult[]> {
  const byRun = new Map<string, RecoveryTestResult>();
  const ids = new Set<string>();
  for (const copy of repository?.copies ?? []) {
    for (const site of sites) {
      const { results, known } = await recoveryTestOf(copy, site, run);
      for (const one of results) byRun.set(one.runId, one);
      for (const id of known) ids.add(id);
    }
  }
  if (byRun.size > 0) return newestFirst(byRun);
  const near = nearestName(run, ids);
  throw new HoldfastError('recovery_not_found', `no recovery was played in a run "${run}"`, {
    hints: [
      ...(near === undefined ? [] : [`did you mean "${near}"?`]),
      'holdfast recovery-test report shows the newest runs',
    ],
  });
}

function newestFirst(byRun: Map<string, RecoveryTestResult>): RecoveryTestResult[] {
  return [...byRun.values()].sort((a, b) => (a.startedAt < b.startedAt ? 1 : -1));
}
