/**
 * Lines of descent: the backups of one component, and of a database of one system identifier. After an upgrade a new line begins: for as long as both may be
 * wanted neither pushes the other's out by number. A line that another has left behind for longer than any clock may be wrong counts
 * together with it.
 */
import type { BackupHead } from '../backup';
import type { Ordered } from './order';

const leftBehind = 7 * 24 * 3600_000;

export interface Line {
  component: string;
  /** Newest first: of this line, and those of others that have left it behind. */
  list: Ordered[];
  /** Whether one is of this line, and not only beside it. */
  holds: (one: Ordered) => boolean;
}

/** @param ordered newest first */
export function linesOf(ordered: Ordered[]): Line[] {
  const lines = new Map<string, { component: string; own: Ordered[] }>();
  for (const one of ordered) {
    for (const [component, system] of systemsOf(one.head)) {
      const key = `${component}/${system}`;
      const line = lines.get(key) ?? { component, own: [] };
      line.own.push(one);
      lines.set(key, line);
    }
  }
  return [...lines.values()].map(({ component, own }) => {
    const mine = new Set(own);
    const newest = own[0]?.at ?? 0;
    const others = [...lines.values()].filter((line) => line.component === component && line.own !== own);
    const later = new Set(others.flatMap((line) => line.own.filter(({ at }) => at > newest + leftBehind)));
    const list = later.size === 0 ? own : ordered.filter((one) => mine.has(one) || later.has(one));
    return { component, list, holds: (one) => mine.has(one) };
  });
}

/** Component and system identifier; of files, and of databases whose head says none, without. */
export function systemsOf({ components, databases, marks }: BackupHead): [string, string][] {
  const systems = new Map(Object.keys(components).map((name) => [name, databases?.[name]?.systemIdentifier ?? '']));
  for (const [name, { systemIdentifier }] of Object.entries(marks ?? {})) systems.set(name, systemIdentifier);
  return systems.size === 0 ? [['', '']] : [...systems];
}
