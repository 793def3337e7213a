/**
 * Pins and legal holds: backups that people want kept, whatever retention says. `retention/pins/<backup id>.json` and `retention/holds/<backup id>.json`
 * in every store, in the clear.
 *
 * Guaranteed: who pinned first, when and why stays on record until it is taken back. Not guaranteed: anything of a store that could not be reached
 * when it was said; whoever says it again reaches it then.
 */
import { z } from 'zod';
import { isHoldfastError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import { readJson } from './crypto/sealed-bytes';

export const sparingKinds = ['pin', 'hold'] as const;
export type SparingKind = (typeof sparingKinds)[number];

export interface Sparing {
  format: 1;
  backupId: string;
  /** RFC 3339, by the store's clock. */
  at: string;
  by: string;
  reason?: string;
}

const schema: z.ZodType<Sparing> = z.looseObject({
  format: z.literal(1),
  backupId: z.string(),
  at: z.string(),
  by: z.string(),
  reason: z.string().optional(),
});

type Copy = Pick<RepositoryCopy, 'store'>;
type Said = Pick<Sparing, 'backupId' | 'by' | 'reason'>;

const folders = { pin: 'retention/pins/', hold: 'retention/holds/' } as const;

/** Returns what is on record: of one that was there the first word. */
async function put(copy: Copy, kind: SparingKind, { backupId, by, reason }: Said): Promise<Sparing> {
  const at = (await copy.store.clock()).toISOString();
  const one: Sparing = { format: 1, backupId, at, by, ...(reason === undefined ? {} : { reason }) };
  const body = Buffer.from(`${JSON.stringify(one, null, 2)}\n`);
  const key = keyOf(kind, backupId);
  if ((await copy.store.put(key, body, { ifAbsent: true })) === 'created') return one;
  return (await readIfThere(copy, kind, key)) ?? one;
}

/** Whether there was one. */
async function remove(copy: Copy, kind: SparingKind, backupId: string): Promise<boolean> {
  const key = keyOf(kind, backupId);
  if ((await copy.store.head(key)) === undefined) return false;
  await copy.store.delete([key]);
  return true;
}

/** One that cannot be read stands: its name says for which backup. */
async function list(copy: Copy, kind: SparingKind): Promise<Sparing[]> {
  const found: Sparing[] = [];
  for await (const { key } of copy.store.list(folders[kind])) {
    const one = await readIfThere(copy, kind, key);
    if (one) found.push(one);
  }
  return found;
}

export const putPin = (copy: Copy, said: Said) => put(copy, 'pin', said);
export const removePin = (copy: Copy, backupId: string) => remove(copy, 'pin', backupId);
export const listPins = (copy: Copy) => list(copy, 'pin');
export const putHold = (copy: Copy, said: Said) => put(copy, 'hold', said);
export const removeHold = (copy: Copy, backupId: string) => remove(copy, 'hold', backupId);
export const listHolds = (copy: Copy) => list(copy, 'hold');

/** Whether anybody wants one kept in this store. */
export async function isSpared({ store }: Copy, backupId: string): Promise<boolean> {
  for (const kind of sparingKinds) if ((await store.head(keyOf(kind, backupId))) !== undefined) return true;
  return false;
}

/** Of all stores, for whoever shows backups: by id, the first word of each kind. */
export async function readPins(copies: Copy[]): Promise<Map<string, Partial<Record<SparingKind, Sparing>>>> {
  const found = new Map<string, Partial<Record<SparingKind, Sparing>>>();
  for (const copy of copies) {
    for (const kind of sparingKinds) {
      for (const one of await list(copy, kind)) found.set(one.backupId, { [kind]: one, ...found.get(one.backupId) });
    }
  }
  return found;
}

async function readIfThere({ store }: Copy, kind: SparingKind, key: string): Promise<Sparing | undefined> {
  const backupId = key.slice(folders[kind].length).replace(/\.json$/, '');
  try {
    return { ...readJson(await store.get(key), schema, `${store.name}:${key}`), backupId };
  } catch (error) {
    if (isHoldfastError(error) && error.code === 'object_not_found') return undefined;
    if (isHoldfastError(error) && error.code === 'invalid_backup') {
      return { format: 1, backupId, at: new Date(0).toISOString(), by: 'somebody', reason: 'it cannot be read' };
    }
    throw error;
  }
}

function keyOf(kind: SparingKind, backupId: string): string {
  return `${folders[kind]}${backupId}.json`;
}
