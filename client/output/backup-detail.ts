/** One backup in full. */
import type { KeptBy, ListedBackup } from '../../domain/catalog/filter';
import { formatBytes } from '../../domain/config/units';
import { copyText, sizeOf, statusOf, took, warningsOf } from './backups';
import { columns } from './columns';

/** @param dependants ids of those that build upon it */
export function backupDetail(backup: ListedBackup, dependants: string[], now: Date): string {
  const { chain = [], marks = {}, error } = backup;
  const facts: [string, string][] = [
    ['site', backup.site],
    ['tier', backup.tier ?? ''],
    ['type', backup.type],
    ['status', statusOf(backup)],
    ['started', backup.startedAt],
    ['ended', backup.endedAt ?? ''],
    ['took', took(backup.seconds)],
    ['size', formatBytes(sizeOf(backup))],
    ['stored', formatBytes(backup.storedBytes)],
    ['checksum', backup.checksum ?? ''],
    ['warnings', warningsOf(backup)],
    ['error', error === undefined ? '' : `${error.message} (${error.code})`],
    ['builds upon', chain.join('\n')],
    ['needed by', dependants.join('\n')],
    ['pinned', keptText(backup.pin)],
    ['legal hold', keptText(backup.hold)],
    [
      'marks',
      Object.entries(marks)
        .map(([name, { lsn, at }]) => `${name}: ${lsn} at ${at}`)
        .join('\n'),
    ],
    ['copies', backup.copies.map((copy) => `${copyText(copy, now)} (${copy.location})`).join('\n')],
  ];
  const shown = facts.filter(([, value]) => value !== '');
  const lines = shown.flatMap(([name, value]) =>
    value.split('\n').map((line, at) => `${(at === 0 ? name : '').padEnd(13)}${line}`),
  );
  const parts = columns(
    [
      { title: 'COMPONENT', cell: ([name]) => name },
      { title: 'KIND', cell: ([, { kind }]) => kind },
      { title: 'FILES', cell: ([, { files }]) => String(files), right: true },
      { title: 'SIZE', cell: ([, { size, bytes }]) => formatBytes(size ?? bytes), right: true },
      { title: 'STORED', cell: ([, { storedBytes }]) => formatBytes(storedBytes), right: true },
    ],
    Object.entries(backup.components),
  );
  return [backup.id, ...lines, '', parts].join('\n');
}

function keptText(kept: KeptBy | undefined): string {
  if (kept === undefined) return '';
  const { by, at, reason } = kept;
  return `by ${by} at ${at.slice(0, 19).replace('T', ' ')}${reason === undefined ? '' : `: ${reason}`}`;
}
