/** Ids of all folders below `backups/`, however many objects they hold. */
import type { RepositoryCopy } from './copy';
import { backupFolder, backupsPrefix } from './names';

export async function* backupIds({ store }: RepositoryCopy, signal?: AbortSignal): AsyncIterable<string> {
  if (store.folders) yield* store.folders(backupsPrefix, { signal });
  else yield* oneByOne(store, signal);
}

/** A listing request each, where the store cannot leave out what is in them. */
async function* oneByOne(store: RepositoryCopy['store'], signal?: AbortSignal): AsyncIterable<string> {
  for (let after: string | undefined; ; ) {
    const first = await store.list(backupsPrefix, { after, signal })[Symbol.asyncIterator]().next();
    if (first.done) return;
    const id = first.value.key.slice(backupsPrefix.length).split('/')[0] ?? '';
    yield id;
    after = `${backupFolder(id)}~`; // behind every character a key may have
  }
}
