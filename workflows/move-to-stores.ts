/**
 * Copies what belongs into another store by its age, the oldest first, each by the procedure that makes any copy. Where it came from it stays until retention
 * has seen that the copy is whole.
 */
import type { MovePlan } from '../activities/storage/contracts';
import type { Moved } from '../domain/notifications/moved';
import { backupReplicationWorkflowId, type CopyEnd, type ReplicateRequest } from '../domain/replication/requests';
import { onSite } from './frame/bind';
import { asChild } from './frame/child';
import { refuse } from './frame/failure';
import type { Run } from './frame/run';

/** @param moved gets those that came to be there @throws HoldfastError `copies_missing` at the end, when all others are made */
export async function moveToStores(run: Run, site: string, plan: MovePlan, moved: Moved[]): Promise<void> {
  const { system = '', copies = [], again = [] } = plan;
  for (const one of again) {
    const title = `offer ${one.backupId} in ${one.store} again`;
    const offered = await run.step(title, () => onSite(site, { summary: title }).offerAgain({ site, ...one }));
    if (offered) run.warn(`${one.backupId} had moved from ${one.store}, and its copy is not there any more`);
  }
  const away = new Set<string>();
  const failed: string[] = [];
  for (const { backupId, to, told } of copies) {
    if (away.has(to)) continue;
    const request: ReplicateRequest = { site, backup: backupId, stores: [to], moves: true };
    const workflowId = backupReplicationWorkflowId(system, site, backupId);
    const summary = `copies ${backupId} to ${to}, where it moves`;
    const end = await run.step(`copy ${backupId} to ${to}`, () =>
      asChild({ type: 'replicateBackup', workflowId, request, summary }),
    );
    const [copy] = end.result?.copies ?? [];
    if (copy !== undefined) run.findings.copies = added(run.findings.copies, copy);
    if (end.error === undefined) {
      moved.push({ backupId, where: to, told });
      continue;
    }
    if (end.error.code === 'already_running') run.warn(`${backupId} is being copied already`);
    else failed.push(`${backupId}: ${end.error.message}`);
    if (copy?.error?.code === 'store_unavailable') away.add(to);
  }
  if (failed.length === 0) return;
  refuse('copies_missing', `${failed.length} of ${copies.length} backups could not move: ${failed[0]}`, [
    'they stay where they are; the next run goes on from what was copied',
  ]);
}

function added(all: CopyEnd[] = [], { store, outcome, packs, storedBytes, repaired, error }: CopyEnd): CopyEnd[] {
  const before = all.find((one) => one.store === store);
  if (before === undefined) return [...all, { store, outcome, packs, storedBytes, repaired, ...(error && { error }) }];
  before.packs += packs;
  before.storedBytes += storedBytes;
  before.repaired += repaired;
  if (outcome === 'failed' || before.outcome === 'there') before.outcome = outcome;
  before.error ??= error;
  return all;
}
