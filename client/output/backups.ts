/** Backups as a person reads them: each chain together, each copy on a line, what was shown of it and since when. */
import type { BackupHead } from '../../domain/backup';
import { bestProof, byChain, type CopyFacts, failedProofs, type ListedBackup } from '../../domain/catalog/filter';
import { formatBytes, formatDuration } from '../../domain/config/units';
import { countWarnings } from '../../repository/redact';
import { type Column, columns } from './columns';

interface Line {
  /** Absent on the lines of further copies. */
  backup?: ListedBackup;
  depth: number;
  copy?: CopyFacts;
}

export function backupsTable(backups: ListedBackup[], now: Date, width?: number): string {
  const lines = byChain(backups).flatMap(({ backup, depth }): Line[] => {
    const [first, ...others] = backup.copies;
    return [{ backup, depth, copy: first }, ...others.map((copy) => ({ depth, copy }))];
  });
  const tiers = backups.some(({ tier }) => tier !== undefined);
  const of = (show: (backup: ListedBackup) => string) => (line: Line) => (line.backup ? show(line.backup) : '');
  const all: Column<Line>[] = [
    { title: 'BACKUP', cell: ({ backup, depth }) => (backup ? `${depth > 0 ? '└ ' : ''}${backup.id}` : '') },
    ...(tiers ? [{ title: 'TIER', cell: of(({ tier = '' }) => tier), spare: 1 }] : []),
    { title: 'STATUS', cell: of(statusOf) },
    { title: 'STARTED (UTC)', cell: of(({ startedAt }) => startedAt.slice(0, 19).replace('T', ' ')), spare: 4 },
    { title: 'TOOK', cell: of(({ seconds }) => took(seconds)), right: true, spare: 3 },
    { title: 'SIZE', cell: of((backup) => formatBytes(sizeOf(backup))), right: true, spare: 2 },
    { title: 'STORED', cell: of(({ storedBytes }) => formatBytes(storedBytes)), right: true },
    { title: 'COPIES', cell: ({ backup, copy }) => copyCell(backup, copy, now) },
  ];
  return columns(all, lines, width);
}

/** Archived: no copy that is offered is kept for any other reason than that it may not be deleted. */
export function statusOf({ status, archived }: BackupHead): string {
  return status === 'completed' && archived !== undefined ? 'archived' : status;
}

/** What a restore brings back: of one that builds upon others more than it stored. */
export function sizeOf({ components }: BackupHead): number {
  return Object.values(components).reduce((sum, { size, bytes }) => sum + (size ?? bytes), 0);
}

/** A file that changed while it was read, a page that was broken on the server: whoever restores should know. */
export function warningsOf({ components }: BackupHead): string {
  const count = Object.values(components).reduce((sum, { warnings }) => sum + countWarnings(warnings), 0);
  return count === 0 ? '' : `${count} ${count === 1 ? 'warning' : 'warnings'}`;
}

export function took(seconds: number | undefined): string {
  return seconds === undefined ? '' : formatDuration(seconds * 1000);
}

/** `s3: full 2d 3h ago, locked until 2027-01-01`. */
export function copyText(copy: CopyFacts, now: Date): string {
  const facts = factsOf(copy, now);
  return facts.length === 0 ? copy.store : `${copy.store}: ${facts.join(', ')}`;
}

function copyCell(backup: ListedBackup | undefined, copy: CopyFacts | undefined, now: Date): string {
  const warnings = backup ? warningsOf(backup) : '';
  const kept = backup ? [backup.hold ? 'on legal hold' : '', backup.pin ? 'pinned' : ''] : [];
  return [copy ? copyText(copy, now) : '', ...kept, warnings].filter((one) => one !== '').join(', ');
}

function factsOf(copy: CopyFacts, now: Date): string[] {
  const proof = bestProof(copy);
  const age = proof && formatDuration(Math.max(0, now.getTime() - Date.parse(proof.at)));
  return [
    ...(copy.status === 'completed' ? [] : [copy.moved ? `moved to ${copy.moved.to}` : copy.status]),
    ...failedProofs(copy).map((level) => `${level} check FAILED`),
    ...(proof ? [`${proof.level} ${age} ago`] : []),
    ...(copy.movingTo ? [`moving into ${copy.movingTo}`] : []),
    ...(copy.archived ? [copy.storageClass ? `archived in ${copy.storageClass}` : 'archived'] : []),
    ...(copy.lock ? [`locked until ${copy.lock.until.slice(0, 10)}`] : []),
  ];
}
