/** The databases' part of a recovery point: a mark in each one's WAL, which counts when the stores hold the WAL up to it. */
import { activityInfo } from '@temporalio/activity';
import { z } from 'zod';
import { connectionOf } from '../../components/config-file/open-repository';
import { createRestorePoint } from '../../components/postgres/restore-point';
import type { PointMark } from '../../domain/backup';
import { postgresOf } from '../../domain/config/names';
import { parseLsn } from '../../domain/lsn';
import type { RepositoryCopy } from '../../repository/copy';
import { getSealedIfThere, putSealed } from '../../repository/documents';
import { markSchema } from '../../repository/schemas/backup';
import { awaitStored } from '../backup/await-stored';
import type { SiteContext } from '../context';
import type { BackupJob, MarkedDatabases } from '../contracts';

const marksSchema = z.record(z.string(), markSchema);

function marksKey(backupId: string): string {
  return `backups/${backupId}/marks`;
}

/** All of them at once; those of the first attempt that came to its end count. */
export async function markDatabases(context: SiteContext, job: BackupJob): Promise<MarkedDatabases> {
  const copy = (await context.repository({ create: true })).copy(job.store);
  const found = await marksOf(copy, job);
  if (found === undefined) {
    const marks = await Promise.all((job.marked ?? []).map(({ name }) => markDatabase(context, job, name)));
    await putSealed(copy, marksKey(job.backupId), Object.fromEntries(marks), { ifAbsent: true });
  }
  const times = Object.values(found ?? (await marksOf(copy, job)) ?? {}).map(({ at }) => at);
  return { at: times.sort().at(0) };
}

/** Of a recovery point that is being made; undefined of anything else. */
export async function marksOf(
  copy: RepositoryCopy,
  { backupId, marked }: Pick<BackupJob, 'backupId' | 'marked'>,
): Promise<Record<string, PointMark> | undefined> {
  if (marked === undefined) return undefined;
  return await getSealedIfThere(copy, marksKey(backupId), marksSchema);
}

async function markDatabase(context: SiteContext, job: BackupJob, name: string): Promise<[string, PointMark]> {
  const component = postgresOf(context.config, context.site, name);
  const mark = await createRestorePoint(await connectionOf(component), {
    name: pointName(job),
    switchWal: component.wal.source === 'command',
  });
  return [name, mark];
}

/** Of one attempt: replay stops at the first of a name. */
function pointName({ startedAt }: BackupJob): string {
  const { attempt, workflowExecution } = activityInfo();
  const stamp = startedAt.slice(0, 19).replaceAll(/[-:]/g, '');
  return `holdfast_${stamp}_${(workflowExecution?.runId ?? '').slice(0, 8)}_${attempt}`;
}

export async function awaitMarks(context: SiteContext, job: BackupJob): Promise<void> {
  const copy = (await context.repository()).copy(job.store);
  for (const [name, { lsn, systemIdentifier, timeline }] of Object.entries((await marksOf(copy, job)) ?? {})) {
    const to = parseLsn(lsn);
    await awaitStored(context, name, { systemIdentifier, timeline, from: to - 1n, to });
  }
}
