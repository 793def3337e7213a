/**
 * Fetches WAL ahead of a replaying server, within the disk it is given, and removes what lies behind it.
 *
 * Guaranteed: the server gets only the bytes that the decision to restore rested on; a server that starts again and asks for WAL
 * that was removed gets it again. What is on disk and what the server asked for last is all the state there is: the feed may be
 * killed and begun anew, and two at once do each other's work twice and no harm.
 * Not guaranteed: that a store still has what it had when the WAL was read. The error names the segment.
 */
import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { crc32c } from '@node-rs/crc32';
import { HoldfastError, isHoldfastError } from '../../../domain/errors';
import { freeNow } from '../../../repository/crypto/free';
import type { WalArchive } from '../../../repository/wal/archive';
import { lastAsked, putFeedCommand } from './feed-command';
import { FeedWindow } from './feed-window';
import { type PlannedSegment, readSegment } from './read-segment';
import { SpoolFiles, type SpoolFilesOptions } from './spool-files';

export interface FeedOptions extends SpoolFilesOptions {
  /** In the order in which they are asked: a segment that one cannot give is taken from the next. */
  archives: WalArchive[];
  segments: PlannedSegment[];
  dir: string;
  /** Segments that may lie in the directory. */
  room: number;
  /** Segments fetched at a time. Each takes a segment of memory. */
  parallel?: number;
}

export interface FeedState {
  /** The segment that the server needs now and does not have, and for how long. */
  waitingFor?: string;
  waitedMs?: number;
  /** Segments in the directory that the server has not asked for yet. */
  ahead: number;
}

const pollMs = 50;

export class Feed {
  private readonly coming = new Map<number, Promise<void>>();
  private readonly positions: Map<string, number>;
  private readonly running: Promise<void>;
  private waitingSince?: number;
  private ended = false;
  private failure?: unknown;

  private constructor(
    private readonly options: FeedOptions,
    private readonly files: SpoolFiles,
    private readonly window: FeedWindow,
  ) {
    this.positions = new Map(options.segments.map(({ name }, position) => [name, position]));
    this.running = this.run();
  }

  /** To be called before the server starts. */
  static async begin(options: FeedOptions): Promise<Feed> {
    const { dir, segments, room } = options;
    const files = await SpoolFiles.open(dir, options);
    await files.sweep();
    const window = new FeedWindow(segments.length, room);
    for (const [position, { name, usableTo }] of segments.entries()) {
      if (await files.holds(name, usableTo)) window.add(position);
      else await files.drop(name);
    }
    await putFeedCommand(files, segments);
    return new Feed(options, files, window);
  }

  /** @throws HoldfastError what keeps a segment from the server, with its name */
  state(): FeedState {
    if (this.failure !== undefined) throw this.failure;
    const { window, waitingSince } = this;
    const ahead = window.ahead;
    if (waitingSince === undefined) return { ahead };
    const waitingFor = this.options.segments[window.position]?.name;
    return { waitingFor, waitedMs: Math.round(performance.now() - waitingSince), ahead };
  }

  /** Ends it; what is on its way is waited for. */
  async end(): Promise<void> {
    this.ended = true;
    await this.running;
    await Promise.all(this.coming.values());
  }

  private async run(): Promise<void> {
    while (!this.ended && this.failure === undefined) {
      try {
        await this.turn();
      } catch (error) {
        this.failure ??= error;
      }
      await Promise.race([sleep(pollMs), ...this.coming.values()]);
    }
  }

  private async turn(): Promise<void> {
    const { window } = this;
    const { dir, segments, parallel = 4 } = this.options;
    const asked = this.positions.get(lastAsked(dir) ?? '');
    if (asked !== undefined) window.moveTo(asked);
    // Another feed, older than this one, may have removed it.
    const needed = segments[window.position];
    if (needed && window.has(window.position) && !existsSync(path.join(dir, needed.name)))
      window.remove(window.position);
    this.waitingSince = needed && window.awaited ? (this.waitingSince ?? performance.now()) : undefined;
    while (this.coming.size < parallel) {
      const next = window.next([...this.coming.keys()]);
      if (next === undefined) return;
      for (const victim of window.toRemoveFor(this.coming.size + 1)) {
        await this.files.drop((segments[victim] as PlannedSegment).name);
        window.remove(victim);
      }
      // What is on its way to a place that the server has left cannot be removed before it is there.
      if (!window.fits(this.coming.size + 1)) return;
      const job = this.fetch(next).then(
        () => {
          window.add(next);
          if (!window.awaited) this.waitingSince = undefined;
        },
        (error: unknown) => {
          this.failure ??= error;
        },
      );
      this.coming.set(
        next,
        job.finally(() => this.coming.delete(next)),
      );
    }
  }

  private async fetch(position: number): Promise<void> {
    const segment = this.options.segments[position] as PlannedSegment;
    // Another feed, or an earlier one that was cut, may have done it: under this name lies a whole segment or none.
    if (await this.files.has(segment.name)) return;
    const bytes = await this.read(segment);
    await this.files.write(segment.name, bytes, segment.usableTo, segment.crc32c);
    freeNow(bytes);
  }

  private async read(segment: PlannedSegment): Promise<Buffer> {
    let first: unknown;
    for (const archive of this.options.archives) {
      try {
        const bytes = await readSegment(archive, segment);
        if (crc32c(bytes) === segment.crc32c) return bytes;
        throw new HoldfastError('wal_conflict', 'other bytes are stored than when the target was checked');
      } catch (error) {
        first ??= error;
      }
    }
    throw namedFor(segment, first);
  }
}

/** Whatever went wrong, the operator reads which segment the replay cannot go on without. */
function namedFor({ name }: PlannedSegment, error: unknown): unknown {
  if (!isHoldfastError(error)) return error;
  const { code, message, where, hints } = error;
  return new HoldfastError(code, `the replay cannot get segment ${name}: ${message}`, {
    where: where ?? name,
    hints,
    cause: error,
  });
}
