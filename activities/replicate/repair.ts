/** What is damaged in one copy of a backup is put right from the others, whoever found it. Everything of the copy is read. */
import { cancellationSignal, log } from '@temporalio/activity';
import { HoldfastError } from '../../domain/errors';
import { lockedAsBefore } from '../../repository/locks/keep';
import type { Repaired } from '../../repository/repair';
import { copyRun } from '../../repository/replicate';
import { replicateSealed } from '../../repository/replicate-sealed';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { beating } from '../beating';
import type { SiteContext } from '../context';
import type { RepairOrder, RepairOutcome } from './contracts';
import { sourceCopies } from './sources';

const told = 20;

/** @throws HoldfastError when no other copy has what is damaged here */
export async function repairBackup(context: SiteContext, { backupId, store }: RepairOrder): Promise<RepairOutcome> {
  const to = await lockedAsBefore((await context.repository()).copy(store));
  const sources = await sourceCopies(context, backupId, store);
  const [first, ...others] = sources.map(({ copy }) => copy);
  const head = sources[0]?.head;
  if (first === undefined || head === undefined) throw new HoldfastError('internal', 'a source has gone');
  const signal = cancellationSignal();
  const progress = beating();
  const outcome: RepairOutcome = { packs: 0, repaired: [], count: 0 };
  const note = (repaired: Repaired[]) => {
    for (const one of repaired) log.error(`${one.key} was damaged in ${one.store} and was repaired from ${one.from}`);
    outcome.count += repaired.length;
    outcome.repaired = [...outcome.repaired, ...repaired].slice(0, told);
  };
  note(await replicateSealed([first, ...others], to, head, signal));
  const manifest = await getSealedManifest(first, head);
  for (const ref of Object.values(manifest.components).flatMap(({ indexes }) => indexes)) {
    const run = await copyRun(first, to, ref, {
      signal,
      progress,
      others,
      read: true,
      bandwidth: context.bandwidthInto(store),
    });
    outcome.packs += run.packs;
    note(run.repaired);
  }
  return outcome;
}
