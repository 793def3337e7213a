/** Results of recovery tests, in every store that can be reached. */
import { log } from '@temporalio/activity';
import { reportError } from '../../domain/errors';
import type { RecoveryTestResult } from '../../domain/verification/results';
import { putRecoveryTest } from '../../repository/recovery-tests';
import type { SiteContext } from '../context';

/** @throws what the last store said, when none took it */
export async function storeRecoveryTest(context: SiteContext, result: RecoveryTestResult): Promise<string> {
  const { copies } = await context.repository();
  let key: string | undefined;
  let failure: unknown;
  for (const copy of copies) {
    try {
      key = await putRecoveryTest(copy, result);
    } catch (error) {
      failure = error;
      log.warn('a store did not take the result of a recovery test', {
        store: copy.store.name,
        error: reportError(error).message,
      });
    }
  }
  if (key === undefined) throw failure;
  return key;
}
