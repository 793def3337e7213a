/**
 * `UPLOAD_MANIFEST` (PostgreSQL 17 and later): tells the server what an earlier backup holds, so that it sends only blocks that changed since.
 * The server looks at names and sizes of files and at the WAL range; it does not look at checksums, and gets none.
 */
import { createHash } from 'node:crypto';
import type { Connection, Submittable } from 'pg';
import { streamFailure } from './failures';

export interface PriorBackup {
  systemIdentifier: string;
  timeline: number;
  startLsn: string;
  stopLsn: string;
  /** Paths as in a manifest: relative to the data directory, tablespaces below `pg_tblspc`. */
  files: Iterable<{ path: Buffer; size: number }>;
}

/** What `pg`'s connection can do beyond its published types. */
interface CopyConnection extends Connection {
  sendCopyFromChunk(chunk: Buffer): void;
  endCopyFrom(): void;
}

const chunkBytes = 256 * 1024;

export class ManifestUpload implements Submittable {
  /** Settles when the server has taken it. */
  readonly done: Promise<void>;
  private readonly ending = Promise.withResolvers<void>();

  constructor(private readonly prior: PriorBackup) {
    this.done = this.ending.promise;
    this.done.catch(() => undefined); // whoever awaits it still sees the rejection
  }

  submit(connection: Connection): void {
    connection.query('UPLOAD_MANIFEST');
  }

  // What `pg` calls.
  handleCopyInResponse(connection: CopyConnection): void {
    let waiting: string[] = [];
    let length = 0;
    for (const part of manifestParts(this.prior)) {
      waiting.push(part);
      length += part.length;
      if (length < chunkBytes) continue;
      connection.sendCopyFromChunk(Buffer.from(waiting.join('')));
      [waiting, length] = [[], 0];
    }
    connection.sendCopyFromChunk(Buffer.from(waiting.join('')));
    connection.endCopyFrom();
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}

  handleReadyForQuery(): void {
    this.ending.resolve();
  }

  handleError(error: Error): void {
    this.ending.reject(streamFailure(error));
  }
}

/** A manifest in the form of version 2. */
export function* manifestParts(prior: PriorBackup): Generator<string, void, void> {
  const hash = createHash('sha256');
  const hashed = (part: string) => {
    hash.update(part);
    return part;
  };
  yield hashed(
    `{ "PostgreSQL-Backup-Manifest-Version": 2,\n"System-Identifier": ${prior.systemIdentifier},\n"Files": [`,
  );
  let separator = '\n';
  for (const { path, size } of prior.files) {
    const text = path.toString('utf8');
    const name = Buffer.from(text).equals(path) ? { Path: text } : { 'Encoded-Path': path.toString('hex') };
    yield hashed(separator + JSON.stringify({ ...name, Size: size }));
    separator = ',\n';
  }
  const range = { Timeline: prior.timeline, 'Start-LSN': prior.startLsn, 'End-LSN': prior.stopLsn };
  yield hashed(`\n],\n"WAL-Ranges": [\n${JSON.stringify(range)}\n],\n`);
  yield `"Manifest-Checksum": "${hash.digest('hex')}"}\n`;
}
