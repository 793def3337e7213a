/** The first step of a restore: what would be restored, to where, and everything that can be refused without reading packs. */
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { activityInfo } from '@temporalio/activity';
import { dirsBelow, dirsInPlace } from '../../components/files/target';
import { readControlFile } from '../../components/postgres/pg-control';
import { checkFreshTarget, checkInPlaceTarget, isDataDirectory } from '../../components/postgres/target';
import { pathsBelow, pathsInPlace } from '../../components/postgres/target-dirs';
import { findServerTools } from '../../components/postgres/tools';
import { type RootDirs, rootDirs } from '../../components/tree/read';
import type { FilesFacts, PostgresFacts, SealedComponent, SealedManifest } from '../../domain/backup';
import { dataDirOf, filesOf, restoreOrder, siteOf } from '../../domain/config/names';
import { HoldfastError } from '../../domain/errors';
import { parseTarget } from '../../domain/recovery-target';
import type { RestoreRequest } from '../../domain/requests';
import type { SiteContext } from '../context';
import type { LinkRuns, RestoreComponent, RestoreJob } from '../contracts';
import { untilHeld } from '../leases/hold';
import { thawOf } from '../storage/thaw';
import { type Chosen, chooseBackup } from './choose';
import { holdSources } from './hold-sources';
import { manifestOf } from './job';
import { type Source, sourcesOf } from './sources';
import { assertSpace } from './space';

/** Restores of this kind of data on an ordinary disk go at about this speed; only for the estimate before anything is known. */
const assumedBytesPerSecond = 200e6;

/** @param instead of the backup that the request names: an older one, found to hold the target */
export async function resolveRestore(
  context: SiteContext,
  request: RestoreRequest,
  instead?: string,
): Promise<RestoreJob> {
  return await untilHeld(() => resolveAndHold(context, request, instead));
}

async function resolveAndHold(context: SiteContext, request: RestoreRequest, instead?: string): Promise<RestoreJob> {
  const { config, site } = context;
  const { timeline } = request;
  const target = parseTarget(request.at);
  const chosen = await chooseBackup(context, instead ?? request.backup, target, { timeline });
  const { older } = chosen;
  const { copy, manifest } = await copyOfRequest(context, request, chosen);
  const sources = await sourcesOf(context, request, { copy, manifest });
  if (request.to !== undefined) checkDirectory(request.to);
  const names = restoreOrder(config, site, componentNames(manifest.backupId, sources, request));
  const id = restoreIdOf();
  const components: RestoreComponent[] = [];
  for (const name of names) {
    const { sealed, links, from } = sources[name] as Source;
    const component = await resolveComponent(context, request, name, sealed, id);
    components.push({ ...component, ...(links && { links: linkRuns(links, name) }), ...(from && { from }) });
  }
  const inPlace = request.to === undefined;
  const bytes = components.reduce((sum, one) => sum + one.bytes, 0);
  const job: RestoreJob = {
    ...{
      restoreId: id,
      site,
      system: config.system,
      backupId: manifest.backupId,
      candidates: older,
      store: copy.store.name,
    },
    ...{ components, services: inPlace ? Object.keys(siteOf(config, site).services) : [], inPlace, bytes },
    ...{ packs: components.reduce((sum, one) => sum + one.packs, 0), jobs: config.parallelJobs },
    ...{ etaSeconds: Math.ceil(bytes / assumedBytesPerSecond), request, warnings: [] },
  };
  job.warnings.push(...(await holdSources(context, job, sources)));
  // A later attempt may find its own data there already.
  await assertSpace(
    job,
    components.filter(({ workDir }) => !existsSync(workDir)),
  );
  const thaw = await thawOf(context, job);
  return thaw === undefined ? job : { ...job, thaw };
}

/** The copy that was chosen, or the one that is to be proved. */
async function copyOfRequest(
  context: SiteContext,
  { onlyStore }: RestoreRequest,
  { copy, manifest }: Pick<Chosen, 'copy' | 'manifest'>,
) {
  if (onlyStore === undefined) return { copy, manifest };
  return await manifestOf(context, { backupId: manifest.backupId, store: onlyStore }, onlyStore);
}

/** Of what is not there yet, what lies above it. */
function checkDirectory(place: string): void {
  let at = place;
  let stats = lookAt(at);
  for (; stats === undefined; stats = lookAt(at)) at = path.dirname(at);
  if (stats.isDirectory()) return;
  throw new HoldfastError('target_not_empty', 'the target is no directory', {
    where: at,
    hints: ['name an empty or new directory'],
  });
}

function lookAt(place: string) {
  try {
    return statSync(place, { throwIfNoEntry: false });
  } catch {
    return undefined; // a file stands above it: that one is told
  }
}

/** The same in every attempt of one run, so that each finds what an earlier one left beside the target. */
function restoreIdOf(): string {
  const { workflowExecution } = activityInfo();
  return createHash('sha256')
    .update(workflowExecution?.runId ?? '')
    .digest('hex')
    .slice(0, 12);
}

function componentNames(backupId: string, sources: Record<string, Source>, { components }: RestoreRequest): string[] {
  const held = Object.keys(sources);
  for (const name of held) assertPlainName(name);
  const missing = components?.find((name) => !held.includes(name));
  if (missing === undefined) return components ?? held;
  throw new HoldfastError('usage', `${backupId} holds no component "${missing}"`, {
    hints: [`it holds ${held.join(', ')}`],
  });
}

/** It becomes a folder below `--to`: a manifest is believed in nothing that leads out of it. */
function assertPlainName(name: string): void {
  if (/^[A-Za-z0-9_=-][A-Za-z0-9._=-]{0,99}$/.test(name)) return;
  throw new HoldfastError('unsafe_path', 'the backup names a component that is no plain name', {
    where: JSON.stringify(name),
    hints: ['nothing was written; the manifest is damaged or forged: choose another backup'],
  });
}

async function resolveComponent(
  context: SiteContext,
  request: RestoreRequest,
  name: string,
  sealed: SealedComponent,
  id: string,
): Promise<RestoreComponent> {
  const { summary, kind } = sealed;
  const target = targetOf(context, request, name, sealed);
  const errorCode =
    kind === 'postgres'
      ? 'database_restore_failed'
      : /^logs?/.test(name)
        ? 'logs_restore_failed'
        : /^conf/.test(name)
          ? 'config_restore_failed'
          : 'restore_failed';
  const { path: directory, roots } = target;
  const workDir = `${directory.replace(/\/+$/, '')}.holdfast-${id}`;
  if (sealed.postgres) await checkDatabaseTarget(request, directory, sealed.postgres, workDir);
  else checkFilesTarget(request, directory, workDir);
  return {
    name,
    kind,
    runs: summary.runs,
    packs: summary.packs,
    bytes: summary.size ?? summary.bytes,
    errorCode,
    target: directory,
    roots,
    workDir,
  };
}

/** A component that an older backup of the chain does not hold has no runs there. */
export function linkRuns(links: SealedManifest[], name: string): LinkRuns[] {
  return links.map(({ backupId, components }) => ({ backupId, runs: components[name]?.summary.runs ?? 0 }));
}

function targetOf(
  context: SiteContext,
  request: RestoreRequest,
  name: string,
  sealed: SealedComponent,
): { path: string; roots: RootDirs } {
  const { config, site } = context;
  const below = request.to === undefined ? undefined : path.join(request.to, name);
  if (sealed.postgres) {
    const paths =
      below === undefined
        ? pathsInPlace(sealed.postgres, dataDirOf(config, site, name))
        : pathsBelow(sealed.postgres, below, request.tablespaceMap);
    return { path: paths['data'] as string, roots: rootDirs(paths) };
  }
  const facts = sealed.files as FilesFacts;
  if (below !== undefined) return { path: below, roots: dirsBelow(facts, below) };
  const roots = dirsInPlace(facts, filesOf(config, site, name).paths);
  return { path: Buffer.from(Object.values(roots)[0] ?? '', 'base64').toString('utf8'), roots };
}

async function checkDatabaseTarget(
  request: RestoreRequest,
  directory: string,
  facts: PostgresFacts,
  workDir: string,
): Promise<void> {
  await findServerTools(Math.floor(facts.versionNum / 10000));
  if (request.to !== undefined) {
    // What lies there is to be put right, as in place: a copy that was damaged for a test.
    if (request.delta) checkInPlaceTarget(directory, facts.systemIdentifier);
    else if (!existsSync(workDir)) checkFreshTarget(directory);
    return;
  }
  if (existsSync(workDir)) return;
  checkInPlaceTarget(directory, facts.systemIdentifier);
  if (isDataDirectory(directory) && readControlFile(directory).systemIdentifier !== facts.systemIdentifier) {
    throw new HoldfastError('wrong_system', `${directory} holds another database system than the backup`, {
      where: directory,
      hints: ['restore to another directory with --to', 'or move that data away yourself if it may go'],
    });
  }
}

function checkFilesTarget(request: RestoreRequest, directory: string, workDir: string): void {
  if (request.to === undefined || request.delta || existsSync(workDir)) return;
  if (existsSync(directory) && readdirSync(directory).length > 0) {
    throw new HoldfastError('target_not_empty', 'the target directory is not empty', {
      where: directory,
      hints: ['name an empty or new directory'],
    });
  }
}
