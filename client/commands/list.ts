/** `list`: the catalog, oldest first; one backup in full; or what became of them. */
import { type BackupFilter, isWanted, type ListedBackup } from '../../domain/catalog/filter';
import { nearestName } from '../../domain/config/nearest';
import { retentionDaysOf } from '../../domain/config/retention-days';
import { HoldfastError } from '../../domain/errors';
import { catalogLine } from '../../repository/catalog-lines';
import { askedBackups, type FilterOptions, refuseUnknown } from '../catalog/asked-backups';
import { backupsAndPins } from '../catalog/heads';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { backupDetail } from '../output/backup-detail';
import { backupsTable } from '../output/backups';
import { terminalWidth } from '../output/columns';
import { listHistory } from './list-history';

interface ListOptions extends GlobalOptions, FilterOptions {
  jsonl?: boolean;
  history?: boolean;
  limit?: number;
}

export async function list(options: ListOptions, named?: string): Promise<Outcome> {
  refuseContradictions(options, named);
  const loaded = await configured(options);
  const now = new Date();
  const filter = askedBackups(loaded.config, options, now);
  if (options.history) return await listHistory(loaded, { ...filter, id: named ?? filter.id }, options.limit ?? 100);
  const { heads: all } = await backupsAndPins(loaded, options.store);
  refuseUnknown(loaded.config, filter, all);
  if (named !== undefined) return one(all, named, now);
  const heads = all.filter((head) => isWanted(head, filter));
  if (options.jsonl) {
    const lines = heads.map((head) => JSON.stringify(catalogLine(head, retentionDaysOf(loaded.config, head.tier))));
    return { json: undefined, text: lines.join('\n') };
  }
  if (options.json) return { json: heads };
  if (heads.length > 0) return { json: heads, text: backupsTable(heads, now, terminalWidth()) };
  return {
    json: heads,
    text: all.length > 0 && narrows(filter, options) ? 'no backup is like that' : 'there are no backups',
  };
}

function refuseContradictions(
  { json, jsonl, history, site: _, ...rest }: ListOptions,
  named: string | undefined,
): void {
  const excluding = (some: string, other: string) =>
    new HoldfastError('usage', `${some} and ${other} exclude each other`, { hints: ['choose one of them'] });
  if (json && jsonl) throw excluding('--json', '--jsonl');
  if (history && jsonl) throw excluding('--history', '--jsonl');
  const filters = (['tier', 'type', 'status', 'component', 'since', 'until'] as const).filter((name) => rest[name]);
  if (history && filters[0]) throw excluding('--history', `--${filters[0]}`);
  if (named !== undefined && rest.id !== undefined) throw excluding('an id', '--id');
  if (named !== undefined && jsonl) throw excluding('an id', '--jsonl');
}

function narrows(filter: BackupFilter, options: ListOptions): boolean {
  const { sites: _, ...others } = filter;
  return options.site !== undefined || Object.values(others).some((value) => value !== undefined);
}

/** By its whole id, or a beginning that no other has. */
function one(all: ListedBackup[], named: string, now: Date): Outcome {
  const alike = all.filter(({ id }) => id.startsWith(named));
  const backup = all.find(({ id }) => id === named) ?? (alike.length === 1 ? alike[0] : undefined);
  if (backup === undefined) throw notOne(all, alike, named);
  const dependants = all.filter(({ chain = [] }) => chain.includes(backup.id)).map(({ id }) => id);
  return { json: [backup], text: backupDetail(backup, dependants, now) };
}

function notOne(all: ListedBackup[], alike: ListedBackup[], named: string): HoldfastError {
  if (alike.length > 1) {
    return new HoldfastError('usage', `${alike.length} backups begin with ${named}`, {
      hints: [`holdfast list --id ${named}`],
    });
  }
  const ids = all.map(({ id }) => id);
  const nearest = nearestName(named, ids.length > 5000 ? ids.slice(-5000) : ids);
  return new HoldfastError('backup_not_found', `there is no backup ${named}`, {
    hints: [
      ...(nearest === undefined ? [] : [`did you mean "${nearest}"?`]),
      `what became of one that is gone: holdfast list --history ${named}`,
    ],
  });
}
