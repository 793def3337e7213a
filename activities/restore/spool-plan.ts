/**
 * What the WAL of a restore was when the target was checked, and how much of it may lie beside the target. Kept in the work folder:
 * the replay gets these segments and no later ones, since a target that nothing follows is reached by replaying to their end.
 */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, statfsSync } from 'node:fs';
import { readdir, rename, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { PlannedSegment } from '../../components/postgres/wal/read-segment';
import { roomFor } from '../../components/postgres/wal/spool';
import type { SiteContext } from '../context';
import type { RestoreJob } from '../contracts';

interface SpoolPlan {
  /** Segments that may lie in the spool. */
  room: number;
  segments: PlannedSegment[];
}

/** Half of what the data leaves free: the server wants room too. */
const shareOfFree = 0.5;

export function spoolOf(workDir: string): string {
  return path.join(workDir, 'spool');
}

/** One on its way for each that is opened, and one more; the memory that packs have left behind is given up for them. */
export function segmentsAtOnce({ threads }: SiteContext): number {
  threads.buffers.clear();
  return threads.threads + 1;
}

/** Bytes that the spool may take; undefined: all that it needs. */
export async function spoolBudget(
  { config }: SiteContext,
  { request, bytes }: Pick<RestoreJob, 'request' | 'bytes'>,
  workDir: string,
): Promise<number | undefined> {
  // What is only placed is replayed later, without us.
  if (request.placeOnly) return undefined;
  if (config.spoolBytes !== undefined) return config.spoolBytes;
  const { bavail, bsize } = statfsSync(workDir);
  const needed = request.delta ? 0 : bytes;
  return Math.max(0, (bavail * bsize + (await bytesIn(spoolOf(workDir))) - needed) * shareOfFree);
}

/** An earlier attempt's. */
async function bytesIn(dir: string): Promise<number> {
  const names = await readdir(dir).catch(() => []);
  const sizes = names.map(async (name) => (await stat(path.join(dir, name)).catch(() => undefined))?.size ?? 0);
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

export async function keepSpoolPlan(
  workDir: string,
  segments: PlannedSegment[],
  { budget, segmentSize }: { budget: number | undefined; segmentSize: number },
): Promise<void> {
  const room = budget === undefined ? segments.length : roomFor(budget, segmentSize);
  const plan: SpoolPlan = { room, segments };
  const text = JSON.stringify(plan, (_key, value) => (typeof value === 'bigint' ? String(value) : value));
  // Two attempts may write at once, and a replay of hours must still find it after the machine was restarted.
  const draft = `${fileIn(workDir)}.${randomBytes(6).toString('hex')}`;
  await writeFile(draft, text, { mode: 0o600, flush: true });
  await rename(draft, fileIn(workDir));
}

/** A restore that an earlier version began has none: it has spooled everything. */
export function readSpoolPlan(workDir: string): SpoolPlan {
  if (!existsSync(fileIn(workDir))) return { room: 0, segments: [] };
  const plan = JSON.parse(readFileSync(fileIn(workDir), 'utf8')) as SpoolPlan;
  return { ...plan, segments: plan.segments.map((one) => ({ ...one, segment: BigInt(one.segment) })) };
}

function fileIn(workDir: string): string {
  return path.join(workDir, 'wal.json');
}
