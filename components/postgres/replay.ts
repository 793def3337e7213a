/**
 * Replays WAL on a prepared data directory and promotes it, with an instance nobody else can reach: its own configuration,
 * socket directory and process group, PostgreSQL running as the data's owner.
 *
 * Guaranteed: may be called again after its caller was killed, at any moment: a replay under way is joined, an interrupted one
 * goes on where PostgreSQL left it, a finished one is only started. Other servers on the directory are refused.
 * It returns with the promoted instance running, for validation; `endReplay` stops it and takes the settings out.
 */
import type { ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ClientConfig } from 'pg';
import type { ReplayTarget } from '../../domain/decide-recovery';
import { HoldfastError } from '../../domain/errors';
import { runningInstance, stopInstance, waitUntilFree } from './instance';
import { type Owner, spawnAs } from './owner';
import { readControlFile } from './pg-control';
import { availableLibraries } from './preload';
import { putRecoverySignal, putSettings, recoverySettings, removeSettings } from './recovery-settings';
import { clearStalePidFile, dropRunFiles, layOutRunDir, privateSocketDir, type RunFiles } from './replay-files';
import { endedSilently, failureIn, isPassing, LogTail, lastCommitIn, progressIn } from './replay-log';
import type { ServerTools } from './tools';

export interface ReplayRequest {
  tools: ServerTools;
  owner: Owner;
  dataDir: string;
  /** Beside the data directory, the same in every attempt: for the configuration and the log of the replay. */
  runDir: string;
  /** Every needed segment, whole, and history files; readable for the owner. With a `restoreCommand`, what that makes of it. */
  spoolDir: string;
  restoreCommand?: string;
  target: ReplayTarget;
  timeline?: string;
  /** The source's; those that this host lacks are left out. */
  preloadLibraries?: string;
  /** A role that may do everything: `bootstrap_user` of the backup's facts. */
  superuser?: string;
  signal?: AbortSignal;
  /** Several times a second. What it throws ends the call and leaves the server to the next one. */
  onProgress?: (progress: ReplayProgress) => void;
}

export interface ReplayProgress {
  lsn?: string;
  /** Segment that was fetched last. */
  segment?: string;
}

export interface Replayed {
  /** The timeline that the promotion began. */
  timeline: number;
  /** The last replayed commit's time (RFC 3339 UTC); absent when none was replayed in this attempt. */
  lastCommit?: string;
  /** How to reach the promoted instance, from this host as root or as the owner. */
  connection: ClientConfig;
  /** Preload libraries of the source that this host lacks. */
  missingLibraries: string[];
}

const port = 5432; // names a file in a directory of our own, nothing on the network
const attempts = 60;

/** @throws HoldfastError `log_apply_failed`, `timeline_unreachable`, `wrong_version`, `target_full`, `target_in_use`, `database_restore_failed`, `aborted` */
export async function replay(request: ReplayRequest): Promise<Replayed> {
  const { dataDir, owner } = request;
  const libraries = await availableLibraries(request.tools, request.preloadLibraries ?? '');
  const socketDir = privateSocketDir(dataDir, owner);
  const files = layOutRunDir(request.runDir, owner, request.tools.major);
  const seen: { lastCommit?: string } = {};
  for (let attempt = 1; ; attempt++) {
    const end = await oneAttempt(request, files, socketDir, libraries.found, seen);
    if (end === undefined) break;
    if (attempt === attempts || !(end.killed || isPassing(end.lines))) throw failureIn(end.lines);
    await sleep(500);
  }
  return {
    timeline: readControlFile(dataDir).timeline,
    ...seen,
    connection: { host: socketDir, port, user: request.superuser ?? 'postgres', database: 'template1', ssl: false },
    missingLibraries: libraries.missing,
  };
}

/**
 * Stops the instance of a replay, whole or not, and takes out every trace of it but the spool: settings, run directory, sockets.
 * @param mode `immediate` when what was replayed is thrown away
 * @throws HoldfastError `service_stop_failed`
 */
export async function endReplay(
  { dataDir, owner, runDir }: Pick<ReplayRequest, 'dataDir' | 'owner' | 'runDir'>,
  mode: 'fast' | 'immediate' = 'fast',
): Promise<void> {
  const running = runningInstance(dataDir);
  if (running && isOurs(running.pid, runDir)) await stopInstance(dataDir, mode);
  if (existsSync(dataDir)) removeSettings(dataDir, owner);
  dropRunFiles(runDir, dataDir);
}

/** A server that did not come to its target. */
interface Ended {
  /** Of its log, since the start. */
  lines: string[];
  /** Somebody's doing, the kernel's for instance, and none of its own: it goes on where it was. */
  killed: boolean;
}

/** Undefined: promoted and running. */
async function oneAttempt(
  request: ReplayRequest,
  files: RunFiles,
  socketDir: string,
  preloadLibraries: string,
  seen: { lastCommit?: string },
): Promise<Ended | undefined> {
  const { dataDir, owner } = request;
  const log = new LogTail(files.log);
  let child: ChildProcess | undefined;
  const running = runningInstance(dataDir);
  if (running && !isOurs(running.pid, request.runDir)) {
    throw new HoldfastError('target_in_use', 'another server runs on the data directory', { where: dataDir });
  }
  if (!running) {
    await clearStalePidFile(dataDir);
    const { settings: minimums } = readControlFile(dataDir);
    putSettings(dataDir, owner, recoverySettings({ ...request, socketDir, port, minimums, preloadLibraries }));
    // The label is renamed when recovery begins, the signal removed when it ends: without both it is over already.
    if (existsSync(path.join(dataDir, 'backup_label'))) putRecoverySignal(dataDir, owner);
    child = launch(request, files);
  }
  return follow(request, log, child, running?.pid ?? child?.pid, seen);
}

function launch({ tools, owner, dataDir }: ReplayRequest, files: RunFiles): ChildProcess {
  const log = openSync(files.log, 'a');
  const settings = { config_file: files.conf, hba_file: files.hba, ident_file: files.ident };
  const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const child = spawnAs(owner, tools.program('postgres'), ['-D', dataDir, ...args], {
    stdio: ['ignore', log, log],
    detached: true, // survives its caller, whose next attempt joins it
  });
  child.on('error', () => undefined);
  child.unref();
  closeSync(log);
  return child;
}

async function follow(
  { dataDir, signal, onProgress }: ReplayRequest,
  log: LogTail,
  child: ChildProcess | undefined,
  pid: number | undefined,
  seen: { lastCommit?: string },
): Promise<Ended | undefined> {
  const lines: string[] = [];
  let progress: ReplayProgress = {};
  const listen = () => {
    for (const line of log.read()) {
      lines.push(line);
      seen.lastCommit = lastCommitIn(line) ?? seen.lastCommit;
      progress = { ...progress, ...progressIn(line) };
    }
    lines.splice(0, lines.length - 200);
    // Also when nothing new was said: the caller sees that somebody is at it.
    onProgress?.(progress);
  };
  for (;;) {
    if (signal?.aborted) {
      await stopInstance(dataDir, 'immediate');
      throw new HoldfastError('aborted', 'the replay was aborted');
    }
    listen();
    const running = runningInstance(dataDir);
    if (running?.status === 'ready') {
      listen();
      return undefined;
    }
    const over = child ? child.exitCode !== null || child.signalCode !== null : !running;
    if (pid === undefined || over) {
      if (pid !== undefined) await waitUntilFree(pid);
      listen();
      return { lines, killed: child ? child.signalCode === 'SIGKILL' : endedSilently(lines) };
    }
    await sleep(100);
  }
}

/** Whether the server was started by an attempt of the same replay: it was told our configuration. */
function isOurs(pid: number, runDir: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(`config_file=${path.join(runDir, 'postgresql.conf')}`);
  } catch {
    return false;
  }
}
