/**
 * Services and database servers around a restore in place: their state is recorded before the first is touched, and put back.
 * A server that no service manager stops is stopped by us, and started again with what it was started with.
 */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cancellationSignal } from '@temporalio/activity';
import { withoutSecrets } from '../../components/config-file/environment';
import { recordedArguments, runningInstance, startInstance, stopInstance } from '../../components/postgres/instance';
import { giveTo, ownerOf } from '../../components/postgres/owner';
import { findServerTools } from '../../components/postgres/tools';
import { openServices } from '../../components/services/open';
import {
  putBack,
  recordStates,
  startServices as startAll,
  stopServices as stopAll,
} from '../../components/services/prior-state';
import { siteOf } from '../../domain/config/names';
import type { SiteContext } from '../context';
import type { PriorState, RestoreComponent, RestoreJob, ServicesPart } from '../contracts';
import { assertUnderWay, isPlaced, makeWorkDir } from './work-dir';

function servicesOf(context: SiteContext, { inPlace }: RestoreJob) {
  return inPlace ? openServices(siteOf(context.config, context.site), withoutSecrets(context.config)) : [];
}

function databasesOf({ inPlace, components }: RestoreJob): RestoreComponent[] {
  return inPlace ? components.filter(({ kind }) => kind === 'postgres') : [];
}

/** Also makes the folders beside the targets, which later steps take for the sign that the restore is under way. */
export async function recordServices(context: SiteContext, job: RestoreJob): Promise<PriorState> {
  for (const { workDir } of job.components) makeWorkDir(workDir);
  const runningDatabases: string[] = [];
  const crashedDatabases: string[] = [];
  for (const { name, target, workDir } of databasesOf(job)) {
    const runs = runningInstance(target) !== undefined;
    // A server that is stopped in order takes its pid file with it.
    const crashed = !runs && (job.request.start || existsSync(path.join(target, 'postmaster.pid')));
    if (!runs && !crashed) continue;
    (runs ? runningDatabases : crashedDatabases).push(name);
    // Kept beside the target and out of every history: arguments may hold anything.
    writeFileSync(startedWith(workDir), JSON.stringify(recordedArguments(target)), { mode: 0o600 });
  }
  const services = await recordStates(servicesOf(context, job), cancellationSignal());
  return { services, runningDatabases, crashedDatabases };
}

/** An attempt that wakes up when the trees are placed, or the restore is over, stops nothing any more. */
export async function stopServices(context: SiteContext, part: ServicesPart): Promise<void> {
  for (const { workDir } of part.job.components) assertUnderWay(workDir);
  if (part.job.components.some(({ workDir }) => isPlaced(workDir))) return;
  await stopThem(context, part);
}

/** What was started on the restored data, before the old data goes back. Too late once services are being put back on that. */
export async function stopStarted(context: SiteContext, part: ServicesPart): Promise<void> {
  for (const { workDir } of part.job.components) assertUnderWay(workDir);
  if (part.job.components.some(({ workDir }) => existsSync(puttingBack(workDir)))) return;
  await stopThem(context, part);
}

async function stopThem(context: SiteContext, { job, prior }: ServicesPart): Promise<void> {
  await stopAll(servicesOf(context, job), prior.services, cancellationSignal());
  for (const { name, target, workDir } of databasesOf(job)) {
    const crashed = prior.crashedDatabases.includes(name);
    const runs = (crashed || prior.runningDatabases.includes(name)) && runningInstance(target) !== undefined;
    // Written first: whoever comes after a kill knows that nobody else starts it again.
    if (runs || crashed) writeFileSync(oursToStart(workDir), '');
    if (runs) await stopInstance(target);
  }
}

export async function startServices(context: SiteContext, part: ServicesPart): Promise<void> {
  await startInstances(part);
  await startAll(servicesOf(context, part.job), part.prior.services, cancellationSignal());
}

/** A server that had crashed is left as it was found: its data is back, and whether it starts is for a person to try. */
export async function putServicesBack(context: SiteContext, part: ServicesPart): Promise<void> {
  const { job, prior } = part;
  for (const { workDir } of job.components) if (existsSync(workDir)) writeFileSync(puttingBack(workDir), '');
  const crashed = job.components.filter(({ name }) => prior.crashedDatabases.includes(name));
  for (const { workDir } of crashed) rmSync(oursToStart(workDir), { force: true });
  await startInstances(part);
  await putBack(servicesOf(context, part.job), part.prior.services, cancellationSignal());
}

async function startInstances({ job }: ServicesPart): Promise<void> {
  for (const { target, workDir } of databasesOf(job)) {
    if (!existsSync(oursToStart(workDir))) continue;
    if (!runningInstance(target))
      await startAgain(target, JSON.parse(readFileSync(startedWith(workDir), 'utf8')) as string[]);
    rmSync(oursToStart(workDir), { force: true });
  }
}

async function startAgain(dataDir: string, args: string[]): Promise<void> {
  const tools = await findServerTools(Number.parseInt(readFileSync(path.join(dataDir, 'PG_VERSION'), 'utf8'), 10));
  const logFile = `${dataDir}.log`;
  writeFileSync(logFile, '', { flag: 'a', mode: 0o600 });
  giveTo(ownerOf(dataDir), logFile);
  await startInstance(tools, dataDir, { logFile, arguments: args });
}

function startedWith(workDir: string): string {
  return path.join(workDir, 'started-with.json');
}

function puttingBack(workDir: string): string {
  return path.join(workDir, 'putting-services-back');
}

function oursToStart(workDir: string): string {
  return path.join(workDir, 'ours-to-start');
}
