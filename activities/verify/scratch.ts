/**
 * Scratch directories: where test restores lie while they run. Each is named for the workflow that fills it, of whose id only one runs at a
 * time, and says until when that may take.
 *
 * Guaranteed: whatever a test that was killed left behind, with the server that runs on it, is removed by the next one: of the same id at once,
 * of another when its time is over. Nothing is removed but what bears our name and our mark.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { activityInfo, log } from '@temporalio/activity';
import { runningInstance, stopInstance } from '../../components/postgres/instance';
import { HoldfastError } from '../../domain/errors';
import type { SiteContext } from '../context';
import type { Scratch, ScratchRequest } from './contracts';

const prefix = 'holdfast-scratch-';
const markFile = 'scratch.json';
/** Undoing what was begun comes on top of the time that a test may take. */
const graceMs = 3600_000;

interface Mark {
  runId: string;
  /** RFC 3339, this host's clock, as whoever removes it has it too. */
  until: string;
}

export async function openScratch(context: SiteContext, request: ScratchRequest): Promise<Scratch> {
  const { system, verification } = context.config;
  const base = request.base ?? verification.scratch;
  const { workflowExecution } = activityInfo();
  const { workflowId = '', runId = '' } = workflowExecution ?? {};
  const dir = path.join(base, `${prefix}${system}-${context.site}-${shortOf(workflowId)}`);
  makeBase(base);
  await reap(base, { dir, runId });
  const until = new Date(Date.now() + verification.limit + graceMs).toISOString();
  mkdirSync(dir, { recursive: true, mode: 0o755 });
  writeFileSync(path.join(dir, markFile), JSON.stringify({ runId, until } satisfies Mark), { mode: 0o600 });
  return { dir, to: path.join(dir, 'restored') };
}

export async function removeScratch(_context: SiteContext, { dir }: Scratch): Promise<void> {
  if (!path.basename(dir).startsWith(prefix)) throw new HoldfastError('internal', 'this is no scratch directory');
  await remove(dir);
}

/** What lies in it by now, ours left out. */
export async function listPlaced(_context: SiteContext, { to }: { to: string }): Promise<string[]> {
  const names = existsSync(to) ? readdirSync(to) : [];
  return names.filter((name) => !name.includes('.holdfast-')).sort();
}

/** A retry of the same run finds its own. */
async function reap(base: string, own: { dir: string; runId: string }): Promise<void> {
  for (const name of readdirSync(base)) {
    if (!name.startsWith(prefix)) continue;
    const dir = path.join(base, name);
    const mark = readMark(dir);
    if (mark === undefined) removeEmpty(dir);
    else if (dir === own.dir ? mark.runId !== own.runId : Date.parse(mark.until) < Date.now()) {
      log.warn('removing what an earlier test restore left behind', { dir });
      await remove(dir);
    }
  }
}

/** The mark goes last: a removal that is cut off is taken up again. */
async function remove(dir: string): Promise<void> {
  if (!existsSync(dir)) return;
  const restored = path.join(dir, 'restored');
  for (const name of existsSync(restored) ? readdirSync(restored) : []) {
    const place = path.join(restored, name);
    if (runningInstance(place)) await stopInstance(place, 'immediate');
  }
  for (const name of readdirSync(dir)) {
    if (name !== markFile) rmSync(path.join(dir, name), { recursive: true, force: true, maxRetries: 5 });
  }
  rmSync(path.join(dir, markFile), { force: true });
  removeEmpty(dir);
}

function readMark(dir: string): Mark | undefined {
  try {
    const mark: unknown = JSON.parse(readFileSync(path.join(dir, markFile), 'utf8'));
    if (typeof mark !== 'object' || mark === null || !('runId' in mark) || !('until' in mark)) return undefined;
    return { runId: String(mark.runId), until: String(mark.until) };
  } catch {
    return undefined;
  }
}

/** Without a mark only what a test had not begun to fill; anything else is not ours. */
function removeEmpty(dir: string): void {
  try {
    rmdirSync(dir);
  } catch (error) {
    if (!['ENOTEMPTY', 'ENOENT', 'ENOTDIR', 'EEXIST'].includes((error as NodeJS.ErrnoException).code ?? ''))
      throw error;
  }
}

function makeBase(base: string): void {
  try {
    mkdirSync(base, { recursive: true, mode: 0o755 });
  } catch (cause) {
    throw new HoldfastError('restore_failed', 'the scratch directory cannot be made', {
      where: base,
      hints: ['set verification.scratch, or name another one with --restore-path'],
      cause,
    });
  }
}

function shortOf(workflowId: string): string {
  return createHash('sha256').update(workflowId).digest('hex').slice(0, 12);
}
