/** Results of recovery tests: `recovery-tests/<site>/<UTC stamp>-<run>`, sealed, since evidence names tables and files. */
import { type RecoveryTestResult, recoveryTestSchema } from '../domain/verification/results';
import type { RepositoryCopy } from './copy';
import { getSealedIfThere, putSealed } from './documents';

export const recoveryTestsPrefix = 'recovery-tests/';

/** One a run, however often it is called. @returns its key */
export async function putRecoveryTest(copy: RepositoryCopy, result: RecoveryTestResult): Promise<string> {
  const stamp = result.startedAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '_');
  const key = `${recoveryTestsPrefix}${result.site}/${stamp}-${result.runId.slice(0, 8)}`;
  await putSealed(copy, key, result);
  return key;
}

/** The newest ones of a site, newest first. */
export async function recentRecoveryTests(
  copy: RepositoryCopy,
  site: string,
  count: number,
): Promise<RecoveryTestResult[]> {
  const keys: string[] = [];
  for await (const { key } of copy.store.list(`${recoveryTestsPrefix}${site}/`)) {
    keys.push(key);
    if (keys.length > count) keys.shift();
  }
  const found = await Promise.all(keys.map((key) => getSealedIfThere(copy, key, recoveryTestSchema)));
  return found.filter((one) => one !== undefined).reverse();
}
