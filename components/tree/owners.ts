/**
 * Names of owners and back: a number means somebody else on another host, a name the same person. Looked up once each;
 * first in the system's own files, then through `getent`, which also asks a directory service.
 */
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import { plainEnvironment } from '../plain-environment';

type Kind = 'passwd' | 'group';

interface Known {
  names: Map<number, string | undefined>;
  ids: Map<string, number | undefined>;
}

export class Owners {
  private readonly known: Record<Kind, Known> = { passwd: readFile('passwd'), group: readFile('group') };

  nameOf(kind: Kind, id: number): string | undefined {
    const { names } = this.known[kind];
    if (!names.has(id)) names.set(id, ask(kind, String(id))?.name);
    return names.get(id);
  }

  idOf(kind: Kind, name: string): number | undefined {
    const { ids } = this.known[kind];
    // A name of digits only would make `getent` look for a number.
    if (!ids.has(name)) ids.set(name, /^\d+$/.test(name) ? undefined : ask(kind, name)?.id);
    return ids.get(name);
  }
}

function readFile(kind: Kind): Known {
  const known: Known = { names: new Map(), ids: new Map() };
  let text = '';
  try {
    text = fs.readFileSync(`/etc/${kind}`, 'utf8');
  } catch {
    return known;
  }
  for (const line of text.split('\n')) {
    const found = parseLine(line);
    if (!found) continue;
    if (!known.names.has(found.id)) known.names.set(found.id, found.name);
    if (!known.ids.has(found.name)) known.ids.set(found.name, found.id);
  }
  return known;
}

function parseLine(line: string): { name: string; id: number } | undefined {
  const [name, , id] = line.split(':');
  return name && id !== undefined && /^\d+$/.test(id) ? { name, id: Number(id) } : undefined;
}

function ask(kind: Kind, key: string): { name: string; id: number } | undefined {
  if (!/^[A-Za-z0-9_.@$\\][A-Za-z0-9_.@$\\ -]*$/.test(key)) return undefined;
  try {
    const answer = execFileSync('getent', [kind, key], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: 10_000,
      env: plainEnvironment(),
    });
    return parseLine(answer.split('\n')[0] ?? '');
  } catch {
    return undefined;
  }
}
