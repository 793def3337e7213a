/** Snapshots of all heads of a store: `catalog/snapshots/<number>`, sealed, one JSON document a line, the first about itself. */
import { z } from 'zod';
import type { BackupHead } from '../../domain/backup';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../copy';
import { openBytes, sealBytes } from '../crypto/sealed-bytes';
import { snapshotsPrefix } from '../names';
import { eraName } from './history';
import { dropSeen, putSeen, type SeenRef, type Sightings } from './seen';

export interface Snapshot {
  number: number;
  /** Entries of this era and later ones may be missing in it, except those in `absorbed`. */
  since: number;
  absorbed: string[];
  /** Backups whose heads were being written, or could not be read: whoever reads the snapshot reads them himself. */
  unsettled: string[];
  /** Oldest first. */
  heads: BackupHead[];
  /** What the store told of what was read; of those that make and rebuild, not of readers. */
  seen?: SeenRef;
}

const firstLineSchema = z.looseObject({
  format: z.literal(1),
  number: z.int(),
  since: z.int(),
  absorbed: z.array(z.string()),
  unsettled: z.array(z.string()),
  heads: z.int(),
  seen: z.looseObject({ key: z.string(), sha256: z.string() }).optional(),
});

/** Whoever reads an older one when a newer is made still finds it. */
const kept = 3;
const newline = '\n'.charCodeAt(0);

/** 0: there is none. */
export async function newestSnapshot(copy: RepositoryCopy): Promise<number> {
  return (await listSnapshots(copy))[0] ?? 0;
}

/** Newest first. */
export async function listSnapshots(copy: RepositoryCopy): Promise<number[]> {
  const numbers: number[] = [];
  for await (const { key } of copy.store.list(snapshotsPrefix)) {
    const name = key.slice(snapshotsPrefix.length);
    if (/^\d{10}$/.test(name)) numbers.push(Number(name));
  }
  return numbers.reverse();
}

/** Undefined: it is gone, or cannot be read. */
export async function getSnapshot(
  copy: RepositoryCopy,
  number: number,
  signal?: AbortSignal,
): Promise<Snapshot | undefined> {
  const key = snapshotKey(number);
  try {
    const object = await copy.store.get(key, { signal });
    return parse(openBytes(object, { ...sealingOf(copy, key), where: `${copy.store.name}:${key}` }), number);
  } catch (error) {
    if (isHoldfastError(error) && !error.retryable) return undefined;
    throw error;
  }
}

/** Of two that make one at once the first wins. The oldest go, as far as the store lets them. */
export async function putSnapshot(
  copy: RepositoryCopy,
  { heads, seen: _, ...rest }: Snapshot,
  sightings: Sightings = new Map(),
): Promise<'created' | 'exists'> {
  const key = snapshotKey(rest.number);
  const seen = await putSeen(copy, rest.number, heads, sightings);
  const about = { ...rest, ...(seen && { seen }) };
  const lines = [
    JSON.stringify({ format: 1, ...about, heads: heads.length }),
    ...heads.map((one) => JSON.stringify(one)),
  ];
  const { object, sha256 } = sealBytes(Buffer.from(`${lines.join('\n')}\n`), sealingOf(copy, key));
  const outcome = await copy.store.put(key, object, { ifAbsent: true, sha256 });
  const numbers = await listSnapshots(copy);
  const old = numbers.slice(kept).map(snapshotKey);
  if (old.length > 0) await copy.store.delete(old).catch(() => undefined);
  if (seen) await dropSeen(copy, numbers[kept - 1] ?? 0);
  return outcome;
}

function parse(bytes: Buffer, number: number): Snapshot {
  const lines = linesOf(bytes);
  const about = firstLineSchema.parse(JSON.parse(lines.next().value ?? ''));
  const heads: BackupHead[] = [];
  for (const line of lines) heads.push(headOf(line));
  if (about.number === number && about.heads === heads.length) return { ...about, heads };
  throw new HoldfastError('catalog_damaged', 'a snapshot of the catalog is not the one that was written');
}

/** Each line by itself: the whole as one text would lie in memory a second time. */
function* linesOf(bytes: Buffer): Generator<string, undefined> {
  for (let at = 0; at < bytes.length; ) {
    const end = bytes.indexOf(newline, at);
    yield bytes.toString('utf8', at, end);
    at = end + 1;
  }
}

/** No schema: each was checked when it was read to be put in, and the seal tells that it is what was put in. */
function headOf(line: string): BackupHead {
  return JSON.parse(line);
}

function snapshotKey(number: number): string {
  return `${snapshotsPrefix}${eraName(number)}`;
}

function sealingOf(copy: RepositoryCopy, key: string) {
  return { key: copy.keys.metadata, context: `document/${copy.repositoryId}/${key}`, kind: 'metadata' as const };
}
