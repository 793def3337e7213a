/**
 * `BASE_BACKUP` as a query of `pg`. Its answer is a sequence that no query of `pg`'s own knows: two results (where the backup
 * starts; the tablespaces), one long copy of typed messages, and a third result (where it ends).
 *
 * Not guaranteed: that what was read is whole before the last message was taken: an error of the server comes at any place.
 */
import type { Connection, Submittable } from 'pg';
import { HoldfastError } from '../../../domain/errors';
import { sqlState } from '../wal/failures';
import { Backlog } from './backlog';
import { streamFailure } from './failures';

export type BackupMessage = { kind: 'archive'; name: string } | { kind: 'manifest' } | { kind: 'data'; bytes: Buffer };

export interface BackupPosition {
  lsn: string;
  timeline: number;
}

export interface BackupBeginning extends BackupPosition {
  /** Of everything, as the server estimates it. */
  expectedBytes: number;
  tablespaces: { oid: string; location: string }[];
}

type Row = (string | null)[];

const mostWaiting = 1024 * 1024;
const mostWarnings = 100;
/** What the server says at the very end when pages were wrong: by then everything was sent. */
const dataCorrupted = 'XX001';

export class CopyOut implements Submittable {
  readonly messages = new Backlog<BackupMessage>(mostWaiting, {
    hold: () => this.connection?.stream.pause(),
    letGo: () => this.connection?.stream.resume(),
  });
  /** Settles when the checkpoint is written and the first byte is about to come. */
  readonly begun: Promise<BackupBeginning>;
  /** What the server warned of: mostly pages whose checksum is wrong, by file and block. */
  readonly warnings: string[] = [];
  private readonly beginning = Promise.withResolvers<BackupBeginning>();
  private readonly results: Row[][] = [];
  private connection?: Connection;
  private copying = false;

  constructor(private readonly text: string) {
    this.begun = this.beginning.promise;
    this.begun.catch(() => undefined); // whoever awaits it still sees the rejection
  }

  /** Where the backup ends; to be asked for when the last message was taken. */
  get end(): BackupPosition {
    return positionOf(this.results[2]);
  }

  submit(connection: Connection): void {
    this.connection = connection;
    connection.on('copyOutResponse', this.onCopy);
    connection.on('notice', this.onNotice);
    connection.query(this.text);
  }

  // What `pg` calls.
  handleRowDescription(): void {
    this.results.push([]);
  }

  handleDataRow({ fields }: { fields: Row }): void {
    this.results.at(-1)?.push(fields);
  }

  handleCommandComplete(): void {}

  handleCopyData({ chunk }: { chunk: Buffer }): void {
    const message = parseMessage(chunk);
    if (message) this.messages.put(message, chunk.length);
  }

  handleReadyForQuery(): void {
    const whole = this.results.length >= 3;
    this.finish(whole ? undefined : new HoldfastError('backup_session_lost', 'the base backup ended before its end'));
  }

  handleError(error: Error): void {
    const complete = this.results.length >= 3 && sqlState(error) === dataCorrupted;
    this.finish(complete ? undefined : streamFailure(error, this.copying));
  }

  private readonly onCopy = (): void => {
    this.copying = true;
    const [start, tablespaces = []] = this.results;
    const kilobytes = tablespaces.reduce((sum, [, , size]) => sum + Number(size ?? 0), 0);
    this.beginning.resolve({
      ...positionOf(start),
      expectedBytes: kilobytes * 1024,
      tablespaces: tablespaces.flatMap(([oid, location]) => (oid && location ? [{ oid, location }] : [])),
    });
  };

  private readonly onNotice = ({ code = '', message }: { code?: string; message?: string }): void => {
    // Class 01 are warnings; the rest is talk.
    if (code.startsWith('01') && message && this.warnings.length < mostWarnings) this.warnings.push(message);
  };

  private finish(failure: HoldfastError | undefined): void {
    this.connection?.off('copyOutResponse', this.onCopy);
    this.connection?.off('notice', this.onNotice);
    if (failure) this.beginning.reject(failure);
    this.messages.end(failure);
  }
}

function positionOf(rows: Row[] | undefined): BackupPosition {
  const [lsn, timeline] = rows?.[0] ?? [];
  if (lsn && timeline) return { lsn, timeline: Number(timeline) };
  throw new HoldfastError('backup_session_lost', 'the server did not say where the base backup starts and ends');
}

/** Undefined for what nobody needs: how far the server is. The chunk's memory belongs to the connection: what is kept is copied. */
function parseMessage(chunk: Buffer): BackupMessage | undefined {
  switch (chunk[0]) {
    case 0x6e: // n
      return { kind: 'archive', name: chunk.toString('latin1', 1, chunk.indexOf(0, 1)) };
    case 0x6d: // m
      return { kind: 'manifest' };
    case 0x64: // d
      return { kind: 'data', bytes: Buffer.from(chunk.subarray(1)) };
    default:
      return undefined;
  }
}
