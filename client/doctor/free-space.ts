/** Room on the file system that holds a path, or the nearest folder above it that exists. */
import type { StatsFs } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { formatBytes } from '../../domain/config/units';
import { type Finding, ok, warning } from './finding';

const fewBytes = 1024 ** 3;
const fewPercent = 10;

export async function checkFreeSpace(place: string): Promise<Finding> {
  const { bavail, blocks, bsize } = await statOf(place);
  const free = bavail * bsize;
  const percent = blocks === 0 ? 0 : (100 * bavail) / blocks;
  const what = `${formatBytes(free)} (${percent.toFixed(0)} %) are free at ${place}`;
  if (free >= fewBytes && percent >= fewPercent) return ok('free_space', what);
  return warning('free_space', what, 'make room: a full file system ends backups and restores');
}

async function statOf(place: string): Promise<StatsFs> {
  try {
    return await statfs(place);
  } catch (error) {
    const above = path.dirname(place);
    if (above === place) throw error;
    return statOf(above);
  }
}
