/**
 * Leaves the receipt of a finished procedure in every store, chained, and beside its backup, and of maintenance when it was done; what the run had
 * leased is given back before.
 */
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { log } from '@temporalio/activity';
import { catalogue, isHoldfastError, reportError } from '../../domain/errors';
import type { MaintenanceRun } from '../../domain/schedule/maintenance';
import type { RepositoryCopy } from '../../repository/copy';
import { refOf } from '../../repository/documents';
import { putMaintenanceRun } from '../../repository/maintenance';
import { backupFolder, backupKeys } from '../../repository/names';
import { appendReceipt, type NewReceipt, putBackupReceipt } from '../../repository/receipts';
import type { SiteContext } from '../context';
import type { ReceiptOrder } from '../contracts';
import { releaseLeases } from '../leases/hold';

const typeInId = /_(full|differential|incremental)_\d{8}_\d{6}$/;

export async function writeReceipt(context: SiteContext, order: ReceiptOrder): Promise<string> {
  const { copies } = await context.repository({ create: order.details.procedure === 'backup' });
  await releaseLeases(copies);
  await markMaintenance(copies, order);
  const left = await leaveInEach(context, copies, order);
  const failed = copies.filter((copy) => left.get(copy) instanceof Error);
  // Tried again here: where another store has the receipt, this activity is not.
  const again = failed.filter((copy) => mayPass(left.get(copy)));
  if (again.length > 0 && failed.length < copies.length && !wasStoreTrouble(order)) {
    await sleep(pauseMs);
    for (const [copy, outcome] of await leaveInEach(context, again, order)) left.set(copy, outcome);
  }
  for (const [copy, outcome] of left) {
    if (outcome instanceof Error) log.warn(`${copy.store.name} has no receipt of this`, { error: outcome.message });
  }
  const first = [...left.values()].find((outcome) => typeof outcome === 'string');
  if (typeof first !== 'string') throw [...left.values()][0] ?? new Error('there is no store to leave a receipt in');
  return first;
}

const pauseMs = 1000;

/** The key of the receipt in each store, or why it has none. */
async function leaveInEach(
  context: SiteContext,
  copies: RepositoryCopy[],
  order: ReceiptOrder,
): Promise<Map<RepositoryCopy, string | Error>> {
  const left = new Map<RepositoryCopy, string | Error>();
  for (const copy of copies) {
    const outcome = await leaveIn(context, copy, order).catch((error: unknown) =>
      error instanceof Error ? error : new Error(String(error)),
    );
    left.set(copy, outcome);
  }
  return left;
}

function mayPass(outcome: string | Error | undefined): boolean {
  return isHoldfastError(outcome) && outcome.retryable;
}

/** Then nobody is kept waiting for it. */
function wasStoreTrouble({ details }: ReceiptOrder): boolean {
  return details.error?.code.startsWith('store_') === true;
}

async function leaveIn(context: SiteContext, copy: RepositoryCopy, order: ReceiptOrder): Promise<string> {
  const key = await appendReceipt(copy, await receiptOf(context, copy, order));
  if (order.backupId !== undefined && makesBackup(order)) await putBackupReceipt(copy, order.backupId, key);
  return key;
}

/** One store that has it is enough, and a receipt without it better than none: what has no record is overdue by the one before. */
async function markMaintenance(copies: RepositoryCopy[], order: ReceiptOrder): Promise<void> {
  for (const work of order.maintenance ?? []) {
    const marking = copies.map((copy) => putMaintenanceRun(copy, { site: order.site, work }, runOf(order)));
    const marked = await Promise.allSettled(marking);
    const failed = marked.find(({ status }) => status === 'rejected');
    if (failed?.status !== 'rejected') continue;
    log.warn(`that ${work} ended is not on record in every store`, { error: reportError(failed.reason).message });
    const nowhere = marked.every(({ status }) => status === 'rejected');
    if (nowhere && isHoldfastError(failed.reason) && failed.reason.retryable) throw failed.reason;
  }
}

const messageKept = 500;

function runOf({ details }: ReceiptOrder): MaintenanceRun {
  const { workflowId, runId, status, startedAt, endedAt, error } = details;
  const said = error && { code: error.code, message: error.message.slice(0, messageKept) };
  return { workflowId, runId, status, startedAt, endedAt, ...(said && { error: said }) };
}

function makesBackup({ details }: ReceiptOrder): boolean {
  return details.procedure === 'backup' || details.procedure === 'consolidate';
}

async function receiptOf(
  { config }: SiteContext,
  copy: RepositoryCopy,
  { backupId, details }: ReceiptOrder,
): Promise<NewReceipt> {
  const checksums =
    backupId === undefined ? undefined : await copy.store.get(backupKeys.checksums(backupId)).catch(() => undefined);
  const code = details.error?.code as keyof typeof catalogue | undefined;
  return {
    receipt_version: '1.0',
    backup_id: backupId ?? '',
    timestamp: details.endedAt,
    backup_type: backupId?.match(typeInId)?.[1] ?? 'full',
    git_sha: process.env['HOLDFAST_GIT_SHA'] ?? null,
    image_digest: process.env['HOLDFAST_IMAGE_DIGEST'] ?? null,
    hostname: hostname(),
    service: `${config.system}-backup`,
    exit_code:
      details.status === 'completed'
        ? 0
        : details.status === 'aborted'
          ? 130
          : code === undefined
            ? 1
            : catalogue[code].exit,
    checksum_hash: checksums === undefined ? null : refOf('', checksums).sha256,
    backup_path:
      backupId === undefined ? copy.store.location : `${copy.store.location}/${backupFolder(backupId).slice(0, -1)}`,
    holdfast: details,
  };
}
