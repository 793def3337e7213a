/** The table of kill points, for people. */
import type { Row, SweepResult } from './sweep';

export function markdownTable(rows: Row[]): string {
  const head = [
    'procedure',
    'killed',
    'extra seconds',
    'calls again',
    'stored twice (MiB)',
    'placed again (packs)',
    'end',
  ];
  const lines = rows.map(({ procedure, moment, extraSeconds, callsAgain, bytesTwice, placedAgain, fault }) => [
    ...[procedure, `\`${moment}\``, extraSeconds.toFixed(1), callsAgain],
    ...[procedure === 'backup' ? (bytesTwice / 1048576).toFixed(1) : '', procedure === 'restore' ? placedAgain : ''],
    fault ?? 'completed, proved',
  ]);
  return [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** Whether each procedure left one receipt and each backup one head, and nothing else is there. */
export function booksAreRight({ books, procedures }: SweepResult): boolean {
  const { receipts, brokenReceipts, completed, strays } = books;
  const counted = receipts === procedures.all && completed === procedures.backups;
  return counted && brokenReceipts === 0 && strays.length === 0;
}

export function summaryOf(result: Pick<SweepResult, 'rows' | 'points' | 'undisturbed' | 'sourceBytes'>): string {
  const { rows, points, undisturbed, sourceBytes } = result;
  const extras = rows.map(({ extraSeconds }) => extraSeconds).sort((a, b) => a - b);
  const faults = rows.filter(({ fault }) => fault !== undefined).length;
  return [
    `${rows.length} of ${points.backup + points.restore} kill points (${points.backup} of backup, ${points.restore} of restore)`,
    `${(sourceBytes / 1048576).toFixed(0)} MiB of source; undisturbed: backup ${undisturbed.backup.toFixed(1)} s, restore ${undisturbed.restore.toFixed(1)} s`,
    `a kill cost ${middle(extras).toFixed(1)} s in the median, ${(extras.at(-1) ?? 0).toFixed(1)} s at the most; ${faults} faults`,
  ].join('\n');
}

function middle(sorted: number[]): number {
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}
