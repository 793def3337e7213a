/** Replaying the placed database to its target, validating it, and letting go of it. */
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cancellationSignal } from '@temporalio/activity';
import { freePort } from '../../components/free-port';
import { runningInstance, startInstance } from '../../components/postgres/instance';
import { giveTo } from '../../components/postgres/owner';
import { readControlFile } from '../../components/postgres/pg-control';
import { placeManifest } from '../../components/postgres/place-manifest';
import { prepareDataDirectory } from '../../components/postgres/prepare';
import { leaveReadyToReplay } from '../../components/postgres/recovery-settings';
import {
  endReplay as endInstance,
  type ReplayRequest,
  replay as replayInstance,
} from '../../components/postgres/replay';
import { makeCreatedTablespaces } from '../../components/postgres/tablespace-conflicts';
import { findServerTools } from '../../components/postgres/tools';
import { validate as validateServer } from '../../components/postgres/validate';
import { Feed } from '../../components/postgres/wal/feed';
import { awaitedIn, feedCommand } from '../../components/postgres/wal/feed-command';
import type { PostgresFacts } from '../../domain/backup';
import { HoldfastError, isHoldfastError } from '../../domain/errors';
import { historyName } from '../../domain/lsn';
import type { TreeEntry } from '../../domain/tree';
import { beating } from '../beating';
import type { SiteContext } from '../context';
import type { RestoreComponent, RestorePart } from '../contracts';
import { openArchives } from '../wal/archives';
import { replayOrder } from './fetch-wal';
import { componentOfJob, indexesOf, manifestOfComponent } from './job';
import { ownerOfTarget } from './owner';
import { probesOf } from './probes';
import { readSpoolPlan, segmentsAtOnce, spoolOf } from './spool-plan';
import { waitForWriters } from './work-dir';

export interface Database {
  component: RestoreComponent;
  facts: PostgresFacts;
  probes: string[];
  request: ReplayRequest;
}

export async function databaseOf(context: SiteContext, { job, component: name }: RestorePart): Promise<Database> {
  const { manifest } = await manifestOfComponent(context, job, name);
  const component = componentOfJob(job, name);
  const facts = manifest.components[name]?.postgres;
  if (!facts) throw new HoldfastError('internal', `${name} is no database`);
  const { tell, timeline } = replayOrder(component.workDir);
  return {
    component,
    facts,
    probes: probesOf(context, job, manifest, name),
    request: {
      ...{
        tools: await findServerTools(Math.floor(facts.versionNum / 10000)),
        owner: ownerOfTarget(facts, job.request.owner),
      },
      ...{
        dataDir: component.target,
        runDir: path.join(component.workDir, 'run'),
        spoolDir: spoolOf(component.workDir),
        restoreCommand: job.request.placeOnly ? undefined : feedCommand(spoolOf(component.workDir)),
      },
      ...{
        target: tell,
        timeline,
        preloadLibraries: facts.settings['shared_preload_libraries'],
        superuser: facts.settings['bootstrap_user'],
      },
      signal: cancellationSignal(),
      onProgress: beating(),
    },
  };
}

export async function prepareReplay(context: SiteContext, part: RestorePart): Promise<void> {
  const { component, facts, request } = await databaseOf(context, part);
  const { job } = part;
  // One that was given up may still be at the files that the server is about to change.
  await waitForWriters(component.workDir);
  const { owner, dataDir, spoolDir } = request;
  if (!existsSync(path.join(dataDir, 'backup_label.old'))) {
    const tablespaces = Object.fromEntries(
      Object.entries(component.roots)
        .filter(([root]) => root !== 'data')
        .map(([oid, place]) => [oid, Buffer.from(place, 'base64').toString('utf8')]),
    );
    const { room, segments } = readSpoolPlan(component.workDir);
    const { generated } = prepareDataDirectory({
      ...{ dataDir, owner, facts, tablespaces, spoolDir, inPlace: job.inPlace },
      isFed: segments.length > room,
    });
    const { copy, manifest } = await manifestOfComponent(context, job, part.component);
    const runs = indexesOf(copy, manifest, part.component);
    const placed = (entry: TreeEntry) => context.threads.checksumInThread({ dirs: component.roots, entry });
    await placeManifest(dataDir, owner, { facts, runs, generated, placed });
  }
  makeCreatedTablespaces(replayOrder(component.workDir).tablespaces, owner);
  if (job.request.placeOnly) {
    leaveReadyToReplay(dataDir, owner, request);
  }
}

/**
 * While the server replays, the WAL that the disk had no room for is fetched ahead of it. A server that an earlier attempt left
 * waiting is told of, whatever keeps this one from feeding it.
 */
export async function replay(context: SiteContext, part: RestorePart): Promise<void> {
  const waiting = awaitedIn(spoolOf(componentOfJob(part.job, part.component).workDir));
  try {
    await replayFed(context, part);
  } catch (error) {
    if (waiting === undefined || !isHoldfastError(error) || error.message.includes(waiting)) throw error;
    const { code, message, where, hints } = error;
    const told = `the replay waits for segment ${waiting}: ${message}`;
    throw new HoldfastError(code, told, { where, hints, cause: error });
  }
}

async function replayFed(context: SiteContext, part: RestorePart): Promise<void> {
  const { component, facts, request } = await databaseOf(context, part);
  const { owner, spoolDir: dir } = request;
  const preferred = component.from?.store ?? part.job.store;
  const archives = await openArchives(context, facts.systemIdentifier, preferred, part.job.request.onlyStore);
  const plan = readSpoolPlan(component.workDir);
  const feed = await Feed.begin({ archives, ...plan, dir, owner, parallel: segmentsAtOnce(context) });
  const beat = beating();
  try {
    await replayInstance({ ...request, onProgress: (progress) => beat({ ...progress, ...feed.state() }) });
  } finally {
    await feed.end();
  }
}

export async function validate(context: SiteContext, part: RestorePart): Promise<void> {
  const { request, facts, probes } = await databaseOf(context, part);
  // A replay that is over is only joined: this finds the running server, or starts it again.
  const { connection } = await replayInstance(request);
  await validateServer({ connection, systemIdentifier: facts.systemIdentifier, probes, signal: cancellationSignal() });
}

/**
 * Stops the server that replayed. In place, its new timeline's history is stored before it accepts any write (docs/data-safety.md, C19); a copy's
 * never is.
 */
export async function finishReplay(context: SiteContext, part: RestorePart): Promise<void> {
  const { request, facts, component } = await databaseOf(context, part);
  if (part.job.inPlace) await storeHistory(context, request.dataDir, facts);
  await endInstance(request);
  if (part.job.request.start && !part.job.inPlace) await startCopy(component, request);
}

async function storeHistory(context: SiteContext, dataDir: string, facts: PostgresFacts): Promise<void> {
  const { timeline } = readControlFile(dataDir);
  const file = path.join(dataDir, 'pg_wal', historyName(timeline));
  if (!existsSync(file)) return;
  for (const archive of await openArchives(context, facts.systemIdentifier)) {
    await archive.putHistory(timeline, readFileSync(file));
  }
}

/** A copy beside its source: on a port of its own, archiving nothing. */
async function startCopy({ target, workDir }: RestoreComponent, { tools, owner }: ReplayRequest): Promise<void> {
  if (runningInstance(target)) return;
  const logFile = `${target}.log`;
  writeFileSync(logFile, '', { flag: 'a', mode: 0o600 });
  giveTo(owner, logFile);
  const settings = {
    port: String(await freePort()),
    listen_addresses: '127.0.0.1',
    archive_mode: 'off',
    unix_socket_directories: '',
  };
  await startInstance(tools, target, { logFile, settings });
  void workDir;
}

export async function endReplay(context: SiteContext, part: RestorePart): Promise<void> {
  const { request } = await databaseOf(context, part);
  await endInstance(request, 'immediate');
  rmSync(request.runDir, { recursive: true, force: true });
}
