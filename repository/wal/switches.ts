/**
 * When commits began or ceased to wait for the stores: one small object for each switch, beside the coverage mark. A record says
 * what was so when it was written; a process that died between a switch and its record leaves that to the next one, which notices.
 */
import type { Micros } from '../../domain/instant';
import type { Store } from '../store';
import type { WalNames } from './names';
import type { WalObjects } from './objects';

export interface CommitSwitch {
  /** The server's clock, where it could be asked. */
  at: Micros;
  commits: 'synchronous' | 'asynchronous';
  /** The configured mode. */
  mode: string;
  reason: string;
}

export async function writeSwitch(
  store: Store,
  objects: WalObjects,
  names: WalNames,
  timeline: number,
  { at, commits, mode, reason }: CommitSwitch,
): Promise<void> {
  const key = `${names.switchesFolder(timeline)}${String(at).padStart(20, '0')}`;
  const text = JSON.stringify({ at: String(at), commits, mode, reason });
  await store.put(key, await objects.seal(Buffer.from(text), key), { ifAbsent: true });
}

/** The newest `most` of a timeline, oldest first. */
export async function readSwitches(
  store: Store,
  objects: WalObjects,
  names: WalNames,
  timeline: number,
  most: number,
): Promise<CommitSwitch[]> {
  const keys: string[] = [];
  for await (const { key } of store.list(names.switchesFolder(timeline))) {
    keys.push(key);
    if (keys.length > most) keys.shift();
  }
  return await Promise.all(
    keys.map(async (key) => {
      const stored = JSON.parse((await objects.open(await store.get(key), key)).toString('utf8')) as Stored;
      return { ...stored, at: BigInt(stored.at) };
    }),
  );
}

type Stored = Omit<CommitSwitch, 'at'> & { at: string };
