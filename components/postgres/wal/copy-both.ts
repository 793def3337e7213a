/**
 * `START_REPLICATION` as a query of `pg`: WAL in one direction, status updates in the other.
 *
 * `pg` itself parses every message of this mode; what it lacks is only an object to hand them to. The result that follows the
 * end of a timeline (a row with the next one) arrives as in any query.
 */
import type { Connection, Submittable } from 'pg';
import type { Lsn } from '../../../domain/lsn';
import { parseLsn } from '../../../domain/lsn';

/** What `pg`'s connection can do beyond its published types. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

export interface NextTimeline {
  timeline: number;
  /** Where the streamed timeline ended and the next one begins. */
  from: Lsn;
}

export class CopyBoth implements Submittable {
  /** Settles when the server is ready for the next command: with the next timeline when this one has ended. */
  readonly ended: Promise<NextTimeline | undefined>;
  private connection?: CopyConnection;
  private resolve!: (next: NextTimeline | undefined) => void;
  private reject!: (error: Error) => void;
  private next?: NextTimeline;
  private closed = false;
  private settled = false;
  private readonly onCopyDone = () => this.stop();

  constructor(
    private readonly text: string,
    private readonly onData: (chunk: Buffer) => void,
  ) {
    this.ended = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    this.ended.catch(() => undefined); // whoever awaits it still sees the rejection
  }

  submit(connection: Connection): void {
    this.connection = connection as CopyConnection;
    connection.on('copyDone', this.onCopyDone);
    connection.query(this.text);
  }

  send(message: Buffer): void {
    if (!this.closed) this.connection?.sendCopyFromChunk(message);
  }

  /** Ends our direction; the server then ends its own. */
  stop(): void {
    if (this.closed) return;
    this.closed = true;
    this.connection?.stream.resume();
    this.connection?.endCopyFrom();
  }

  /** For a server that is not heard any more: nothing is waited for, and the connection is of no more use. */
  abandon(error: Error): void {
    if (this.settled) return;
    this.connection?.stream.destroy();
    this.handleError(error);
  }

  pause(): void {
    this.connection?.stream.pause();
  }

  resume(): void {
    this.connection?.stream.resume();
  }

  // What `pg` calls.
  handleCopyData(message: { chunk: Buffer }): void {
    this.onData(message.chunk);
  }

  handleRowDescription(): void {}

  handleDataRow(message: { fields: (string | null)[] }): void {
    const [timeline, from] = message.fields;
    if (timeline && from) this.next = { timeline: Number(timeline), from: parseLsn(from) };
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.detach();
    this.settled = true;
    this.resolve(this.next);
  }

  handleError(error: Error): void {
    this.detach();
    this.settled = true;
    this.reject(error);
  }

  private detach(): void {
    this.closed = true;
    this.connection?.off('copyDone', this.onCopyDone);
  }
}
