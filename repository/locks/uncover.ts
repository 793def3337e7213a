/**
 * Who may write to a store can hide what is locked, by deletion markers and newer versions, and cannot remove it. Here it becomes what readers find
 * again. Everything that is hidden without a lock stays hidden: somebody was allowed to do that.
 */
import type { RepositoryCopy } from '../copy';
import { backupsPrefix } from '../names';
import { walRoot } from '../wal/names';

/** @returns how many objects came back */
export async function uncoverLocked({ store }: RepositoryCopy): Promise<number> {
  if (!(await store.locks?.supported())) return 0;
  const backups = (await store.locks?.uncover(backupsPrefix)) ?? 0;
  return backups + ((await store.locks?.uncover(walRoot, (key) => ofWal.test(key))) ?? 0);
}

/** Beside them lie marks, claims and the ledger, of which a day leaves a hundred thousand versions. */
const ofWal = /\/(?:segments\/|parts\/|history$|archive\.json$)/;
