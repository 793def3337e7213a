/** What pgbench wrote down of each transaction (`--log`). */
import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

/** Milliseconds of each; the files go. Every thread of pgbench has one of its own. */
export function takeLatencies(dir: string, prefix: string): number[] {
  const files = readdirSync(dir).filter((name) => name.startsWith(`${prefix}.`));
  return files.flatMap((name) => {
    const file = path.join(dir, name);
    const found = latenciesIn(readFileSync(file, 'latin1'));
    rmSync(file);
    return found;
  });
}

/** @throws Error when a transaction failed or was skipped: it has no time. */
export function latenciesIn(log: string): number[] {
  const lines = log.split('\n').filter((line) => line !== '');
  return lines.map((line) => {
    const time = line.split(' ')[2] ?? '';
    if (!/^\d+$/.test(time)) throw new Error(`pgbench measured no transaction here: ${line}`);
    return Number(time) / 1000;
  });
}

/** The smallest value that so large a part of all does not exceed. */
export function percentile(values: number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(sorted.length * part) - 1)] ?? Number.NaN;
}
