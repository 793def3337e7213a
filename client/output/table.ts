/** Tables for people: no frames, so that they can be copied and searched. */
import Table from 'cli-table3';

const none = Object.fromEntries(
  [
    ...['top', 'top-mid', 'top-left', 'top-right', 'bottom', 'bottom-mid', 'bottom-left', 'bottom-right'],
    ...['left', 'left-mid', 'mid', 'mid-mid', 'right', 'right-mid'],
  ].map((part) => [part, '']),
);

/** Columns as wide as their widest cell; numbers to the right where `right` names the column. */
export function table(head: string[], rows: string[][], right: string[] = []): string {
  const drawn = new Table({
    head,
    colAligns: head.map((name) => (right.includes(name) ? 'right' : 'left')),
    chars: { ...none, middle: '  ' },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
  });
  drawn.push(...rows);
  return drawn
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}
