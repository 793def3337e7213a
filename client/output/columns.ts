/** Columns of plain text for lists of any length: a table's library takes seconds for what is a moment's work. */

export interface Column<T> {
  title: string;
  cell: (row: T) => string;
  right?: boolean;
  /** Left out first where there is no room: the highest number goes first; without one it stays. */
  spare?: number;
}

/** @param width of the terminal; absent: as wide as it gets */
export function columns<T>(all: Column<T>[], rows: T[], width?: number): string {
  let shown = all.map((column) => {
    const cells = rows.map(column.cell);
    return { ...column, cells, wide: cells.reduce((most, { length }) => Math.max(most, length), column.title.length) };
  });
  while (width !== undefined && shown.reduce((sum, { wide }) => sum + wide + 2, -2) > width) {
    const least = shown.reduce((most, { spare = 0 }) => Math.max(most, spare), 0);
    if (least === 0) break;
    shown = shown.filter(({ spare }) => spare !== least);
  }
  const line = (cellOf: (column: (typeof shown)[number]) => string) =>
    shown
      .map((column) => (column.right ? cellOf(column).padStart(column.wide) : cellOf(column).padEnd(column.wide)))
      .join('  ')
      .trimEnd();
  return [line(({ title }) => title), ...rows.map((_, at) => line(({ cells }) => cells[at] ?? ''))].join('\n');
}

/** Of the terminal that reads the answer; undefined when none does. */
export function terminalWidth(): number | undefined {
  const asked = Number(process.env['COLUMNS']);
  if (Number.isInteger(asked) && asked > 0) return asked;
  return process.stdout.columns;
}
