/** Results of recovery tests: `recovery-tests/<site>/<UTC stamp>-<run>`, sealed, since evidence names tables and files. */
import { type RecoveryTestResult, recoveryTestSchema } from '../domain/verification/results';
import type { RepositoryCopy } from './copy';
import { getSealedIfThere, putSealed } from './documents';

export const recoveryTestsPrefix = 'recovery-tests/';

const shortLength = 8;

/** So much of a run's id is in the name of its result, and enough for people. */
export function shortRun(runId: string): string {
  return runId.slice(0, shortLength);
}

/** One a run, however often it is called. @returns its key */
export async function putRecoveryTest(copy: RepositoryCopy, result: RecoveryTestResult): Promise<string> {
  const stamp = result.startedAt.slice(0, 19).replace(/[-:]/g, '').replace('T', '_');
  const key = `${recoveryTestsPrefix}${result.site}/${stamp}-${shortRun(result.runId)}`;
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

/** The results of a run, by its id or the beginning of it, and the short ids of all that there are. */
export async function recoveryTestOf(
  copy: RepositoryCopy,
  site: string,
  run: string,
): Promise<{ results: RecoveryTestResult[]; known: string[] }> {
  const keys: string[] = [];
  const known: string[] = [];
  for await (const { key } of copy.store.list(`${recoveryTestsPrefix}${site}/`)) {
    const short = key.slice(key.lastIndexOf('-') + 1);
    known.push(short);
    if (short.startsWith(shortRun(run))) keys.push(key);
  }
  const found = await Promise.all(keys.map((key) => getSealedIfThere(copy, key, recoveryTestSchema)));
  return { results: found.filter((one) => one !== undefined).filter(({ runId }) => runId.startsWith(run)), known };
}
