/** `list`: the catalog, oldest first. */
import type { BackupHead } from '../../domain/backup';
import { retentionDaysOf } from '../../domain/config/retention-days';
import { formatBytes, formatDuration } from '../../domain/config/units';
import { HoldfastError } from '../../domain/errors';
import { catalogLine } from '../../repository/catalog-lines';
import { countWarnings } from '../../repository/redact';
import { backupHeads } from '../catalog/heads';
import { configured, type GlobalOptions, type Outcome } from '../context';
import { table } from '../output/table';
import { askedSites } from '../sites';

export async function list(options: GlobalOptions & { site?: string; jsonl?: boolean }): Promise<Outcome> {
  if (options.json && options.jsonl) {
    throw new HoldfastError('usage', '--json and --jsonl exclude each other', { hints: ['choose one of them'] });
  }
  const loaded = await configured(options);
  const sites = askedSites(loaded.config, options.site);
  const { heads: all } = await backupHeads(loaded);
  const heads = all.filter((head) => sites.includes(head.site));
  if (options.jsonl) {
    const lines = heads.map((head) => JSON.stringify(catalogLine(head, retentionDaysOf(loaded.config, head.tier))));
    return { json: undefined, text: lines.join('\n') };
  }
  return { json: heads, text: heads.length === 0 ? 'there are no backups' : tableOf(heads) };
}

/** A file that changed while it was read, a page that was broken on the server: whoever restores should know. */
function warningsOf({ components }: BackupHead): string {
  const count = Object.values(components).reduce((sum, { warnings }) => sum + countWarnings(warnings), 0);
  return count === 0 ? '' : `${count} ${count === 1 ? 'warning' : 'warnings'}`;
}

function tableOf(heads: BackupHead[]): string {
  const rows = heads.map((head) => [
    head.id,
    head.status,
    head.startedAt.slice(0, 19).replace('T', ' '),
    head.seconds === undefined ? '' : formatDuration(head.seconds * 1000),
    formatBytes(head.bytes),
    formatBytes(head.storedBytes),
    head.stores.join(', '),
    [head.provenAt ? 'proven' : head.verifiedAt ? 'verified' : '', warningsOf(head)].filter(Boolean).join(', '),
  ]);
  return table(['BACKUP', 'STATUS', 'STARTED (UTC)', 'TOOK', 'SIZE', 'STORED', 'STORES', ''], rows, [
    'TOOK',
    'SIZE',
    'STORED',
  ]);
}
