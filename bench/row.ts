/** What a benchmark says: one row a work, for people as a table and for programs as JSON. */

export interface Row {
  work: string;
  /** Absent where the work could not be done here. */
  ours: number | null;
  unit: string;
  /** In the same unit. */
  peers: Record<string, number>;
  /** What this machine gives at the most: the plain pipeline without any product. */
  limit?: number;
  /** What of the comparison is not on this machine. */
  missing: string[];
  /** Everything else that was measured, in units of its own, named in the key. */
  details: Record<string, Record<string, number>>;
}

export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? at(sorted, middle) : (at(sorted, middle - 1) + at(sorted, middle)) / 2;
}

function at(values: number[], index: number): number {
  return values[index] ?? Number.NaN;
}

/** Three significant digits. */
export function rounded(value: number): number {
  return Number(value.toPrecision(3));
}

export function describe(row: Row): string {
  const against = (other: number) => (row.ours === null ? '' : ` (ours ${(row.ours / other).toFixed(2)} ×)`);
  const lines = [`${row.work}: ${row.ours ?? 'not measured'} ${row.unit}`];
  if (row.limit !== undefined) lines.push(`  limit ${row.limit}${against(row.limit)}`);
  for (const [name, value] of Object.entries(row.peers)) lines.push(`  ${name} ${value}${against(value)}`);
  for (const [name, values] of Object.entries(row.details)) {
    const parts = Object.entries(values).map(([key, value]) => `${key} ${value}`);
    lines.push(`    ${name}: ${parts.join(', ')}`);
  }
  if (row.missing.length > 0) lines.push(`  missing: ${row.missing.join(', ')}`);
  return lines.join('\n');
}
