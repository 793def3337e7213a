/** Segments that wait behind the one the server asks for: the server hands them over one by one, and each costs a start of ours. */
import { readdirSync } from 'node:fs';
import path from 'node:path';

/** Names in `pg_wal` of the same timeline, in order and without a hole; empty where the file lies elsewhere. */
export function waitingBehind(file: string, next: (name: string) => string, atMost: number): string[] {
  let ready: Set<string>;
  try {
    ready = new Set(readdirSync(path.join(path.dirname(file), 'archive_status')));
  } catch {
    return [];
  }
  const names: string[] = [];
  for (let name = next(path.basename(file)); ready.has(`${name}.ready`) && names.length < atMost; name = next(name)) {
    names.push(name);
  }
  return names;
}
