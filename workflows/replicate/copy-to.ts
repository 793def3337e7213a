/** One store's copy: the full backup first, and of each member its packs, its WAL, and at last its entry in the catalog. */
import { CancellationScope, isCancellation } from '@temporalio/workflow';
import type { MemberState, ReplicationJob, ReplicationMember } from '../../activities/replicate/contracts';
import type { CopyEnd } from '../../domain/replication/requests';
import { onSite } from '../frame/bind';
import { reportOf } from '../frame/failure';
import type { Run } from '../frame/run';
import { storeTries, workThrough } from '../pack-runs';

/** How it ended: what keeps this store from its copy is told, and nothing of it goes on behind. */
export async function copyTo(run: Run, job: ReplicationJob, to: string): Promise<CopyEnd> {
  const end: CopyEnd = { store: to, outcome: 'there', packs: 0, storedBytes: 0, repaired: 0 };
  const scope = new CancellationScope();
  try {
    await scope.run(() => run.step(`copy to ${to}`, () => copyMembers(run, job, to, end)));
  } catch (error) {
    if (isCancellation(error)) throw error;
    scope.cancel();
    const { code, message, where } = reportOf(error);
    end.outcome = 'failed';
    end.error = { code, message: where === undefined ? message : `${message} (${where})` };
  }
  return end;
}

async function copyMembers(run: Run, job: ReplicationJob, to: string, end: CopyEnd): Promise<void> {
  const reached = onSite(job.site, { summary: `reach ${to}`, first: true });
  const states = await reached.reachStore({ ...job, to });
  for (const [at, member] of job.members.entries()) {
    const state = states[at] ?? 'lacking';
    const named = at === job.members.length - 1;
    // What others build upon was shown when it was copied; the one that is asked for is looked at again.
    if (state === 'there' && !named) run.add({ bytes: member.bytes, packs: member.packs });
    else await copyMember(run, job, { to, member, state }, end);
  }
}

interface Copying {
  to: string;
  member: ReplicationMember;
  state: MemberState;
}

async function copyMember(run: Run, job: ReplicationJob, { to, member, state }: Copying, end: CopyEnd): Promise<void> {
  const { site, holder, jobs } = job;
  const { backupId } = member;
  const at = (summary: string) => onSite(site, { summary: `${summary} of ${backupId} to ${to}`, tries: storeTries });
  const began = Date.now();
  const read = state === 'damaged';
  let reused = 0;
  for (const { name: component, runs } of member.components) {
    const work = { kind: 'replicate', site, backupId, component, to, read, holder } as const;
    const sum = await workThrough(run, { work, from: 0, to: runs, jobs });
    end.packs += sum.packs - sum.reused;
    end.storedBytes += sum.sentBytes ?? 0;
    end.repaired += sum.repaired ?? 0;
    reused += sum.reused;
  }
  const part = { ...job, members: [], to, member };
  await at('copy the WAL').replicateWal(part);
  const seconds = (Date.now() - began) / 1000;
  const published = await at('publish the copy').publishCopy({ ...part, seconds });
  end.repaired += published.repaired;
  if (published.expired && backupId === job.backupId)
    run.warn(`the copy of ${backupId} in ${to} has expired, and is removed there: \`holdfast pin\` keeps it`);
  run.warn(...(published.warnings ?? []));
  if (state !== 'there' || member.packs > reused) end.outcome = 'copied';
}
