/**
 * Stores the file that the server asks for, and with it a few segments that wait behind it.
 *
 * Those that wait are a gift: what becomes of them decides nothing. The caller is told which of them are stored.
 */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../../../domain/errors';
import { segmentName } from '../../../../domain/lsn';
import type { WalArchive } from '../../../../repository/wal/archive';
import { type ArchivedFile, archivedFile, assertOwnSegment, type Server } from './archived-file';
import { cover, type SegmentTimes, timesIn } from './cover';
import { pushFile } from './push-file';
import { waitingBehind } from './waiting';

export interface PushOptions {
  /** Absolute path of the file. */
  file: string;
  server: Server;
  /** One for each store that must have it. */
  archives: WalArchive[];
  /** Segments that may be stored with it. */
  ahead?: number;
  /** Before each file is read. */
  onFile?: (file: string) => void;
}

/** Each in memory at a time. */
const atOnce = 2;

/**
 * @returns paths of the segments behind it that are stored too
 * @throws HoldfastError `usage`, `wrong_system`, `wrong_version`, `source_unreadable`, `wal_conflict`, and whatever a store refuses
 */
export async function push({ file, server, archives, ahead = 0, onFile }: PushOptions): Promise<string[]> {
  const asked = archivedFile(path.basename(file), server.segmentSize);
  const behind =
    asked.kind === 'segment'
      ? waitingBehind(file, nextOf(server), ahead).map((name) => path.join(path.dirname(file), name))
      : [];
  // The ledger sets aside what is on a timeline that nobody of ours was on.
  await Promise.all(archives.map((archive) => archive.announce(asked.timeline)));
  const times: SegmentTimes[] = [];
  const one = async (each: string): Promise<SegmentTimes | undefined> => {
    onFile?.(each);
    const what = archivedFile(path.basename(each), server.segmentSize);
    const bytes = await bytesOf(each, what, server);
    await Promise.all(archives.map((archive) => pushFile(archive, what, bytes)));
    return what.kind === 'segment' ? timesIn(what.timeline, what.segment, bytes) : undefined;
  };
  const first = await one(file);
  if (first) times.push(first);
  const stored = behind.length === 0 ? [] : await inRow(behind, one, times);
  await Promise.all(archives.map((archive) => cover(archive, times)));
  return stored;
}

/** As many as are stored without a hole: what is stored behind one that failed is found again when its turn comes. */
async function inRow(
  files: string[],
  store: (file: string) => Promise<SegmentTimes | undefined>,
  times: SegmentTimes[],
): Promise<string[]> {
  const stored: string[] = [];
  for (let next = 0; next < files.length; next += atOnce) {
    const row = files.slice(next, next + atOnce);
    const ends = await Promise.all(row.map((each) => store(each).catch(() => 'failed' as const)));
    for (const [index, end] of ends.entries()) {
      if (end === 'failed' || end === undefined) return stored;
      times.push(end);
      stored.push(row[index] as string);
    }
  }
  return stored;
}

async function bytesOf(file: string, what: ArchivedFile, server: Server): Promise<Buffer> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    throw new HoldfastError('source_unreadable', `the file cannot be read: ${cause.code}`, { where: file, cause });
  });
  if ('segment' in what) assertOwnSegment(bytes, what, server);
  return bytes;
}

function nextOf({ segmentSize }: Server): (name: string) => string {
  return (name) => {
    const what = archivedFile(name, segmentSize);
    return 'segment' in what ? segmentName(what.timeline, what.segment + 1n, segmentSize) : '';
  };
}
