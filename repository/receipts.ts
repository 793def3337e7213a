/**
 * Receipts: evidence of finished procedures, `receipts/<sequence>.json`, each with the SHA-256 of the one before, so that none can be
 * changed or taken out unnoticed (except the newest ones, by whoever can write to the store).
 */
import type { Receipt, ReceiptDetails } from '../domain/backup';
import { HoldfastError, isHoldfastError } from '../domain/errors';
import type { RepositoryCopy } from './copy';
import { readJson } from './crypto/sealed-bytes';
import { refOf } from './documents';
import { backupKeys, receiptKey, receiptsPrefix } from './names';
import { lastSequence, sequenceOf } from './receipt-sequence';
import { clearReceipt } from './redact';
import { receiptSchema } from './schemas/backup';

/** A receipt that has no place in the chain yet. */
export type NewReceipt = Omit<Receipt, 'holdfast'> & { holdfast: Omit<ReceiptDetails, 'sequence' | 'previous'> };

const noReceipt = '0'.repeat(64);
const attempts = 50;
/** How far back a receipt of the same run is looked for: a retry comes soon. */
const lookBack = 20;

/**
 * Adds a receipt at the end of the chain. The same procedure run (workflow and run id) leaves one receipt, however often this is called.
 * @returns its key in the store
 */
export async function appendReceipt(copy: RepositoryCopy, receipt: NewReceipt): Promise<string> {
  let last = await lastSequence(copy);
  const earlier = await findEarlier(copy, receipt, last);
  if (earlier !== undefined) return earlier;
  for (let attempt = 0; attempt < attempts; attempt++) {
    const previous = last === 0 ? noReceipt : refOf('', await copy.store.get(receiptKey(last))).sha256;
    const key = receiptKey(last + 1);
    const body = encode(clearReceipt(copy, chained(receipt, last + 1, previous)));
    const outcome = await copy.store.put(key, body, { ifAbsent: true });
    if (outcome === 'created' || (await copy.store.get(key)).equals(body)) return key;
    last += 1;
  }
  throw new HoldfastError('store_unavailable', 'the chain of receipts moved on faster than a receipt could be added');
}

/** The same receipt beside its backup. */
export async function putBackupReceipt(copy: RepositoryCopy, backupId: string, key: string): Promise<void> {
  await copy.store.put(backupKeys.receipt(backupId), await copy.store.get(key));
}

/** @throws HoldfastError `object_not_found`, `invalid_backup` */
export async function getReceipt(copy: RepositoryCopy, key: string): Promise<Receipt> {
  return readJson(await copy.store.get(key), receiptSchema, `${copy.store.name}:${key}`);
}

/** Newest first; one that cannot be read is left out. */
export async function recentReceipts(copy: RepositoryCopy, count: number): Promise<Receipt[]> {
  const last = await lastSequence(copy);
  const sequences = Array.from({ length: Math.min(count, last) }, (_, index) => last - index);
  const found = await Promise.all(
    sequences.map((sequence) => getReceipt(copy, receiptKey(sequence)).catch(() => undefined)),
  );
  return found.filter((one) => one !== undefined);
}

export interface ReceiptChain {
  receipts: number;
  broken: { key: string; reason: string }[];
}

/** Walks the whole chain. */
export async function verifyReceipts(copy: RepositoryCopy, signal?: AbortSignal): Promise<ReceiptChain> {
  const chain: ReceiptChain = { receipts: 0, broken: [] };
  let previous = noReceipt;
  let sequence = 0;
  for await (const { key } of copy.store.list(receiptsPrefix, { signal })) {
    sequence += 1;
    if (key !== receiptKey(sequence)) {
      chain.broken.push({ key: receiptKey(sequence), reason: 'the receipt is missing' });
      sequence = sequenceOf(key);
      previous = ''; // what came before is gone: said once
    }
    const body = await copy.store.get(key, { signal });
    const reason = faultOf(body, key, sequence, previous);
    if (reason !== undefined) chain.broken.push({ key, reason });
    previous = refOf(key, body).sha256;
    chain.receipts += 1;
  }
  return chain;
}

function faultOf(body: Buffer, key: string, sequence: number, previous: string): string | undefined {
  try {
    const { holdfast } = readJson(body, receiptSchema, key);
    if (holdfast.sequence !== sequence) return 'the receipt belongs to another place in the chain';
    if (previous !== '' && holdfast.previous !== previous) return 'the receipt before it is not the one it followed';
    return undefined;
  } catch (error) {
    if (isHoldfastError(error)) return error.message;
    throw error;
  }
}

function chained(receipt: NewReceipt, sequence: number, previous: string): Receipt {
  return { ...receipt, holdfast: { ...receipt.holdfast, sequence, previous } };
}

function encode(receipt: Receipt): Buffer {
  return Buffer.from(`${JSON.stringify(receipt, null, 2)}\n`);
}

async function findEarlier(copy: RepositoryCopy, receipt: NewReceipt, last: number): Promise<string | undefined> {
  const { workflowId, runId, procedure } = receipt.holdfast;
  for (let sequence = last; sequence > Math.max(0, last - lookBack); sequence--) {
    const found = await getReceipt(copy, receiptKey(sequence)).catch(() => undefined);
    const same = found?.holdfast;
    if (same?.workflowId === workflowId && same.runId === runId && same.procedure === procedure) {
      return receiptKey(sequence);
    }
  }
  return undefined;
}
