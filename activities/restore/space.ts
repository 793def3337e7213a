/** Whether the targets have room. What is set aside stays until the end, so the new data needs room of its own. */
import { existsSync, statSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../domain/errors';
import type { RestoreComponent, RestoreJob } from '../contracts';

interface Needed {
  /** Some directory on the file system. */
  place: string;
  bytes: number;
}

/** @throws HoldfastError `target_full`; by file system, since several components may share one */
export async function assertSpace(
  { request }: Pick<RestoreJob, 'request'>,
  components: Pick<RestoreComponent, 'target' | 'bytes'>[],
): Promise<void> {
  if (request.delta) return;
  const needed = new Map<number, Needed>();
  for (const { target, bytes } of components) {
    const place = existingAbove(target);
    const { dev } = statSync(place);
    needed.set(dev, { place, bytes: (needed.get(dev)?.bytes ?? 0) + bytes });
  }
  for (const { place, bytes } of needed.values()) {
    const { bavail, bsize } = await statfs(place);
    if (bavail * bsize >= bytes) continue;
    throw new HoldfastError(
      'target_full',
      `the target needs ${mib(bytes)} MiB and has ${mib(bavail * bsize)} MiB left`,
      {
        where: place,
        hints: ['make room, restore to another place with --to, or write over the present data with --delta'],
      },
    );
  }
}

function existingAbove(directory: string): string {
  return existsSync(directory) ? directory : existingAbove(path.dirname(directory));
}

function mib(bytes: number): number {
  return Math.ceil(bytes / 1048576);
}
