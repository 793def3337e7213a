/** Keys of everything a repository holds. Names of packs are HMACs: they tell nothing and cannot be guessed. */
import { createHmac } from 'node:crypto';
import { HoldfastError } from '../domain/errors';

export const descriptionKey = 'repository.json';
export const headsPrefix = 'catalog/heads/';
export const historyPrefix = 'catalog/history/';
export const snapshotsPrefix = 'catalog/snapshots/';
export const seenPrefix = 'catalog/seen/';
export const writingPrefix = 'catalog/writing/';
export const catalogLinesKey = 'catalog/backups.jsonl';
export const receiptsPrefix = 'receipts/';
export const backupsPrefix = 'backups/';

export const masterKeysPrefix = 'keys/';

export function masterKeyKey(fingerprint: string): string {
  return `${masterKeysPrefix}${fingerprint}.json`;
}

export function headKey(backupId: string): string {
  return `${headsPrefix}${backupId}.json`;
}

/** The backup that the head of this key speaks of. */
export function backupOfHead(key: string): string {
  return key.slice(headsPrefix.length, -'.json'.length);
}

export function receiptKey(sequence: number): string {
  return `${receiptsPrefix}${String(sequence).padStart(10, '0')}.json`;
}

/** Ends in `/`. */
export function backupFolder(backupId: string): string {
  return `${backupsPrefix}${backupId}/`;
}

/** Keys of one backup: `backups/<id>/…`. */
export const backupKeys = {
  dataKey: (id: string) => `${backupFolder(id)}key.json`,
  sealed: (id: string) => `${backupFolder(id)}sealed`,
  manifest: (id: string) => `${backupFolder(id)}manifest.json`,
  checksums: (id: string) => `${backupFolder(id)}checksums.sha256`,
  receipt: (id: string) => `${backupFolder(id)}receipt.json`,
};

/** One component of a backup that is being made; a lost backup session begins a new generation. */
export interface GenerationRef {
  backupId: string;
  component: string;
  generation: number;
}

export function planFolder({ backupId, component, generation }: GenerationRef): string {
  return `${backupFolder(backupId)}plan/${component}/${generation}/`;
}

export function indexKey({ backupId, component, generation }: GenerationRef, run: number): string {
  return `${backupFolder(backupId)}index/${component}/${generation}/${runName(run)}`;
}

export function runName(run: number): string {
  return String(run).padStart(7, '0');
}

export function packKey(
  namesKey: Uint8Array,
  { backupId, component, generation }: GenerationRef,
  pack: number,
): string {
  const name = createHmac('sha256', namesKey).update(`${backupId}/${component}/${generation}/${pack}`).digest('hex');
  return `${backupFolder(backupId)}packs/${name.slice(0, 32)}`;
}

/** Refuses names of components that could not be part of a key. */
export function assertComponentName(name: string): void {
  if (/^[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,99}$/.test(name)) return;
  throw new HoldfastError('config_invalid', 'a component has a name that cannot be part of an object key', {
    where: name,
    hints: ['use letters, digits, - and _'],
  });
}
