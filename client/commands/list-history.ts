/** `list --history`: what became of backups, also of those that are gone. */

import type { BackupFilter } from '../../domain/catalog/filter';
import { describeChange } from '../../domain/catalog/history';
import type { LoadedConfig } from '../../domain/config/types';
import { mayBeOf } from '../../domain/ids';
import { refuseUnknown } from '../catalog/asked-backups';
import { readHistory, type ToldEntry } from '../catalog/history';
import { withRepository } from '../catalog/open';
import type { Outcome } from '../context';
import { columns, terminalWidth } from '../output/columns';

/** Heads, times and positions of the history are in the JSON of it; a list that a person reads has one line a change. */
export async function listHistory(
  loaded: LoadedConfig,
  { id, store, sites }: Pick<BackupFilter, 'id' | 'store' | 'sites'>,
  limit: number,
): Promise<Outcome> {
  const { config } = loaded;
  const [site] = sites ?? [];
  const found = await withRepository(loaded, async (repository) => {
    const copies = (repository?.copies ?? []).filter((copy) => store === undefined || copy.store.name === store);
    return await readHistory(copies, {
      wants: (one) =>
        (id === undefined || one.startsWith(id)) && (site === undefined || mayBeOf(config.system, site, one)),
      limit,
    });
  });
  // An id of before there were several sites names none: its heads do.
  const others = new Set(found.flatMap(({ backupId, head }) => (head && head.site !== site ? [backupId] : [])));
  const told = site === undefined ? found : found.filter(({ backupId }) => !others.has(backupId));
  if (told.length === 0) refuseUnknown(config, { sites }, []);
  if (told.length === 0) return { json: told, text: 'there is no history' };
  return { json: told, text: historyTable(told, terminalWidth()) };
}

function historyTable(told: ToldEntry[], width: number | undefined): string {
  return columns(
    [
      { title: 'AT (UTC)', cell: ({ at }) => at.slice(0, 19).replace('T', ' ') },
      { title: 'BACKUP', cell: ({ backupId }) => backupId },
      { title: 'STORE', cell: ({ store }) => store },
      { title: 'WHAT', cell: (entry) => [describeChange(entry), entry.note ?? ''].filter(Boolean).join(': ') },
      { title: 'BY', cell: ({ by }) => by, spare: 1 },
    ],
    told,
    width,
  );
}
