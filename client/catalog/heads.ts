/** All backups that any store knows of. */
import type { BackupHead } from '../../domain/backup';
import type { CopyFacts, KeptBy, ListedBackup } from '../../domain/catalog/filter';
import type { LoadedConfig } from '../../domain/config/types';
import { listHeads } from '../../repository/heads';
import { readPins, type Sparing, type SparingKind } from '../../repository/pins';
import type { Repository } from '../../repository/repository';
import { say } from '../output/say';
import { withRepository } from './open';

export interface Catalog {
  /** Oldest first; each backup once. */
  heads: ListedBackup[];
  /** Heads that cannot be read. */
  damaged: number;
}

export async function backupHeads(loaded: LoadedConfig): Promise<Catalog> {
  return withRepository(loaded, (repository) => readCatalog(repository));
}

/**
 * With who wants which kept.
 * @param store asked for by name: that it is away is no answer
 * @throws HoldfastError by which that store could not be opened
 */
export async function backupsAndPins(loaded: LoadedConfig, store?: string): Promise<Catalog> {
  return withRepository(loaded, async (repository) => {
    const away = repository?.unavailable.find((one) => one.store.name === store);
    if (away !== undefined) throw away.error;
    const catalog = await readCatalog(repository);
    const pins = await readPins(repository?.copies ?? []);
    return { ...catalog, heads: catalog.heads.map((head) => ({ ...head, ...keptBy(pins.get(head.id)) })) };
  });
}

function keptBy({ pin, hold }: Partial<Record<SparingKind, Sparing>> = {}): Pick<ListedBackup, 'pin' | 'hold'> {
  const said = ({ at, by, reason }: Sparing): KeptBy => ({ at, by, ...(reason === undefined ? {} : { reason }) });
  return { ...(pin && { pin: said(pin) }), ...(hold && { hold: said(hold) }) };
}

/** A backup is in the list once, however many stores hold it, as the first says that has it completed. */
export async function readCatalog(repository: Repository | undefined): Promise<Catalog> {
  const byId = new Map<string, ListedBackup>();
  let damaged = 0;
  for (const copy of repository?.copies ?? []) {
    const list = await listHeads(copy);
    for (const { key, reason } of list.damaged) say(`warning: ${copy.store.name}:${key}: ${reason}`);
    damaged += list.damaged.length;
    for (const head of list.heads) byId.set(head.id, together(byId.get(head.id), head, copy.store.name));
  }
  const heads = [...byId.values()].sort((a, b) => (a.startedAt < b.startedAt ? -1 : a.startedAt > b.startedAt ? 1 : 0));
  if (damaged > 0) say('hint: "holdfast catalog rebuild" makes damaged entries again');
  return { heads, damaged };
}

function together(known: ListedBackup | undefined, head: BackupHead, store: string): ListedBackup {
  const copies = [...(known?.copies ?? []), factsOf(head, store)];
  if (known === undefined) return { ...head, copies };
  const [first, second] = known.status !== 'completed' && head.status === 'completed' ? [head, known] : [known, head];
  const times = {
    verifiedAt: later(known.verifiedAt, head.verifiedAt),
    provenAt: later(known.provenAt, head.provenAt),
  };
  const { archived: said, ...both } = { ...second, ...first };
  const archived = [known, head].every((one) => one.status !== 'completed' || one.archived) && first.archived;
  const stores = [...new Set([...known.stores, ...head.stores])];
  return { ...both, ...(archived && { archived }), ...times, stores, copies };
}

/** Keys that say nothing are left out. */
function factsOf(
  {
    location,
    status,
    expiredAt,
    moved,
    verifiedAt,
    provenAt,
    proofs,
    lock,
    archived,
    storageClass,
    movingTo,
  }: BackupHead,
  store: string,
): CopyFacts {
  return {
    ...{ store, location, status },
    ...(expiredAt === undefined ? {} : { expiredAt }),
    ...(moved === undefined ? {} : { moved }),
    ...(verifiedAt === undefined ? {} : { verifiedAt }),
    ...(provenAt === undefined ? {} : { provenAt }),
    ...(proofs === undefined ? {} : { proofs }),
    ...(lock === undefined ? {} : { lock }),
    ...(archived === undefined ? {} : { archived }),
    ...(storageClass === undefined ? {} : { storageClass }),
    ...(movingTo === undefined ? {} : { movingTo }),
  };
}

function later(one?: string, other?: string): string | undefined {
  return (one ?? '') > (other ?? '') ? one : other;
}
