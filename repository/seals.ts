/**
 * Which folders of backups there are, and what the store's listing tells of the sealed manifest in each: for backups of a few objects a hundredth of the
 * requests that a look at every one takes.
 */
import type { BackupHead } from '../domain/backup';
import { backupIds } from './backup-folders';
import { forEach } from './catalog/each';
import { type Sightings, stampOf } from './catalog/seen';
import { listsAtOnce, type Stretch, stretchesOf } from './catalog/stretches';
import type { RepositoryCopy } from './copy';
import { backupFolder, backupKeys, backupsPrefix } from './names';

/** A listing tells a thousand objects; so many looks at one object cost the service as much. */
const looksOfOneListing = 20;
/** Packs that are gone through before the others are passed over: one more answer of the service than without. */
const tooMany = 1000;

/** By id; null: listed, and there is none; undefined: it was not listed, and has to be looked at. */
export type Seals = Map<string, string | null | undefined>;

/** @param heads as far as they are known: they say how much there is to list */
export async function sealsOf(copy: RepositoryCopy, heads: BackupHead[], sightings: Sightings): Promise<Seals> {
  const known = heads.filter(({ id }) => sightings.get(id)?.sealed !== undefined);
  const objects = heads.reduce((sum, head) => sum + objectsOf(head), 0);
  if (known.length > (objects / 1000) * looksOfOneListing) return await listSeals(copy, known);
  const seals: Seals = new Map();
  for await (const id of backupIds(copy)) seals.set(id, undefined);
  return seals;
}

async function listSeals(copy: RepositoryCopy, known: BackupHead[]): Promise<Seals> {
  const seals: Seals = new Map();
  const last = known.map(({ id }) => backupKeys.sealed(id));
  await forEach(stretchesOf(copy.store, last), listsAtOnce, (stretch) => listStretch(copy, stretch, seals));
  return seals;
}

async function listStretch(copy: RepositoryCopy, { after, until }: Stretch, seals: Seals): Promise<void> {
  let [folder, objects] = ['', 0];
  for await (const object of copy.store.list(backupsPrefix, { after })) {
    if (until !== undefined && object.key > until) return;
    const [id = '', ...inside] = object.key.slice(backupsPrefix.length).split('/');
    if (inside.length === 0) continue;
    if (id !== folder) [folder, objects] = [id, 0];
    if (object.key === backupKeys.sealed(id)) seals.set(id, stampOf(object));
    else if (!seals.has(id)) seals.set(id, null);
    if (object.key === until) return;
    if (++objects < tooMany || inside[0] !== 'packs') continue;
    await listStretch(copy, { after: `${backupFolder(id)}packs/~`, until }, seals);
    return;
  }
}

/** As it was published: packs, what each run of them holds, and the documents. */
function objectsOf({ components }: BackupHead): number {
  return Object.values(components).reduce((sum, { packs, runs }) => sum + packs + runs, 5);
}
