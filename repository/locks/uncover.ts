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
  let objects = 0;
  for (const prefix of [backupsPrefix, walRoot]) objects += (await store.locks?.uncover(prefix)) ?? 0;
  return objects;
}
