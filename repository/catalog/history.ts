/** The entries of the history: `catalog/history/<era>/<time>-<random>-<status>-<backup>.json`, written once and never again. */
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { HistoryEntry, HistoryStatus } from '../../domain/catalog/history';
import { isHoldfastError } from '../../domain/errors';
import type { RepositoryCopy } from '../copy';
import { readJson } from '../crypto/sealed-bytes';
import { historyPrefix } from '../names';
import { backupHeadSchema } from '../schemas/backup';
import type { StoredObject } from '../store';
import { cutAt, listStretches } from './stretches';

/** What the name of an entry tells without reading it. */
export interface EntryName {
  /** Behind `catalog/history/`. */
  name: string;
  backupId: string;
  to: HistoryStatus;
}

/** Each holds a few hundred entries, or more of them. */
const erasAtOnce = 16;

const statuses = ['creating', 'completed', 'failed', 'expired', 'removed'] as const;
const entryForm = new RegExp(String.raw`^\d{10}/\d{8}T\d{9}Z-[0-9a-f]{12}-(${statuses.join('|')})-(.+)\.json$`);

const entrySchema: z.ZodType<HistoryEntry> = z.looseObject({
  format: z.literal(1),
  at: z.string(),
  by: z.string(),
  backupId: z.string(),
  from: z.enum(['creating', 'completed', 'failed', 'expired']).nullable(),
  to: z.enum(statuses),
  changed: z.array(z.string()),
  note: z.string().optional(),
  head: backupHeadSchema.optional(),
});

/** @param era the newest snapshot that the writer saw. @returns its name */
export async function putEntry(copy: RepositoryCopy, era: number, entry: HistoryEntry): Promise<string> {
  const time = entry.at.replace(/[-:.]/g, '');
  const name = `${eraName(era)}/${time}-${randomBytes(6).toString('hex')}-${entry.to}-${entry.backupId}.json`;
  await copy.store.put(`${historyPrefix}${name}`, Buffer.from(`${JSON.stringify(entry)}\n`));
  return name;
}

/** Oldest first by what the writers' store said; `since` leaves out earlier eras. */
export async function* listEntries(copy: RepositoryCopy, since = 0, signal?: AbortSignal): AsyncIterable<EntryName> {
  const after = since === 0 ? undefined : `${historyPrefix}${eraName(since)}/`;
  for await (const { key } of copy.store.list(historyPrefix, { after, signal })) {
    const entry = entryOf(key);
    if (entry) yield entry;
  }
}

/** The last of each backup: by its name, which no order of reading changes. */
export async function lastEntries(copy: RepositoryCopy, newest: number): Promise<Map<string, EntryName>> {
  const last = new Map<string, EntryName>();
  const take = ({ key }: StoredObject) => {
    const entry = entryOf(key);
    const other = entry && last.get(entry.backupId);
    if (entry && (other === undefined || other.name < entry.name)) last.set(entry.backupId, entry);
  };
  const eras = Array.from({ length: copy.store.kind === 'dir' ? 0 : Math.floor(newest / erasAtOnce) }, (_, at) => {
    return `${historyPrefix}${eraName((at + 1) * erasAtOnce)}/`;
  });
  await listStretches(copy.store, historyPrefix, cutAt(eras), take);
  return last;
}

function entryOf(key: string): EntryName | undefined {
  const name = key.slice(historyPrefix.length);
  const [, status, backupId] = entryForm.exec(name) ?? [];
  const to = statuses.find((one) => one === status);
  return backupId !== undefined && to !== undefined ? { name, backupId, to } : undefined;
}

/** Undefined: it cannot be read, and says nothing. */
export async function getEntry(
  copy: RepositoryCopy,
  { name, backupId }: Pick<EntryName, 'name' | 'backupId'>,
): Promise<HistoryEntry | undefined> {
  const key = `${historyPrefix}${name}`;
  try {
    const entry = readJson(await copy.store.get(key), entrySchema, `${copy.store.name}:${key}`);
    return entry.backupId === backupId ? entry : undefined;
  } catch (error) {
    if (isHoldfastError(error) && !error.retryable) return undefined;
    throw error;
  }
}

export function eraName(era: number): string {
  return String(era).padStart(10, '0');
}
