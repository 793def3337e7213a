/** Who writes, for the history: the workflow of an activity, or a command. Told once around the work, and not by every call. */
import { AsyncLocalStorage } from 'node:async_hooks';

const storage = new AsyncLocalStorage<string>();

export function writingAs<T>(author: string, work: () => T): T {
  return storage.run(author, work);
}

export function currentAuthor(): string {
  return storage.getStore() ?? 'unknown';
}
