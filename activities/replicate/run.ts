/** One run of packs into one store. What is there is not sent again: a retry asks the store and not its heartbeats. */
import { cancellationSignal, log } from '@temporalio/activity';
import { HoldfastError } from '../../domain/errors';
import { nothingDone, type RunOutcome } from '../../domain/runs';
import { copyRun } from '../../repository/replicate';
import { getSealedManifest } from '../../repository/sealed-manifest';
import { beating } from '../beating';
import type { SiteContext } from '../context';
import { provisionally } from '../storage/lockable';
import type { ReplicateRunWork } from './contracts';
import { leaseForCopy } from './leases';
import { sourceCopies } from './sources';

export async function replicateRun(context: SiteContext, work: ReplicateRunWork): Promise<RunOutcome> {
  const { backupId, component, run, to, read, holder } = work;
  await leaseForCopy(context, [backupId], holder);
  const repository = await context.repository({ create: true });
  const sources = await sourceCopies(context, backupId, to);
  const [first, ...others] = sources.map(({ copy }) => copy);
  if (first === undefined || sources[0] === undefined) throw new HoldfastError('internal', 'a source has gone');
  const manifest = await getSealedManifest(first, sources[0].head);
  const ref = manifest.components[component]?.indexes[run];
  if (!ref) throw new HoldfastError('invalid_backup', `run ${run} of ${component} is not in the manifest`);
  const target = await provisionally(context, repository.copy(to), manifest.tier);
  const { repaired, flaws, ...copied } = await copyRun(first, target, ref, {
    ...{ signal: cancellationSignal(), progress: beating(), others, read },
    bandwidth: context.bandwidthInto(to),
  });
  const warnings = [
    ...repaired.map((one) => `${one.key} was damaged in ${one.store} and was repaired from ${one.from}`),
    ...flaws.map((one) => `${one.key} is damaged in ${one.store} and could not be repaired there: ${one.code}`),
  ];
  for (const warning of warnings) log.error(warning);
  return { ...nothingDone, ...copied, repaired: repaired.length, warnings: warnings.slice(0, 3) };
}
