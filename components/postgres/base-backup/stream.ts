/**
 * A base backup over the replication protocol, for a server whose host nobody of ours may enter: `check` → this file → `facts`.
 *
 * Guaranteed: what was handed out as whole agrees with the manifest that the server itself sends, file by file; nothing that must not be
 * restored is handed out; `pg_control` is the last file. Memory: what waits between the socket and the reader (`backlog`).
 * Not guaranteed: that a stream which was cut can be taken up again; the protocol has no such thing, a new one is needed.
 *
 * Here: the stream as entries of trees, the data directory as `data` and each tablespace under its oid, as `plan.ts` has them.
 */
import { crc32c } from '@node-rs/crc32';
import type { Extent } from '../../../domain/blocks';
import { HoldfastError } from '../../../domain/errors';
import { pathBytes, type TreeEntry } from '../../../domain/tree';
import { leftOut } from '../exclusions';
import { type ControlFile, controlFileIsWhole, parseControlFile } from '../pg-control';
import type { ReplicationConnection } from '../wal/replication';
import { entryOf, readArchive, topOf } from './archive';
import { ownPath, readChanged } from './changed-blocks';
import { baseBackupCommand } from './command';
import { type BackupBeginning, type BackupMessage, type BackupPosition, CopyOut } from './copy-out';
import { ManifestUpload, type PriorBackup } from './prior-manifest';
import { SentFiles } from './server-manifest';

export interface StreamedEntry {
  entry: TreeEntry;
  /** Of a file: exactly its size in bytes, to be read to the end before the next entry is asked for. */
  body: AsyncIterable<Buffer>;
  /** Of a file whose changes alone came: where the bytes belong. The rest of it is as the prior backup has it. */
  extents?: Extent[];
}

/** What is known when every entry was taken. */
export interface StreamEnd {
  stop: BackupPosition;
  backupLabel: string;
  tablespaceMap: string;
  control: ControlFile;
  warnings: string[];
}

const controlPath = 'global/pg_control';
const labelPath = 'backup_label';
const mapPath = 'tablespace_map';

export class BaseBackupStream {
  private readonly sent = new SentFiles();
  private readonly texts = new Map<string, Buffer>();
  private compared = false;

  private constructor(
    private readonly copy: CopyOut,
    readonly beginning: BackupBeginning,
    private readonly pageSize: number | undefined,
  ) {}

  /**
   * Asks for the backup, with an immediate checkpoint; returns when that is written.
   * @throws HoldfastError `postgres_rights`, `postgres_unreachable`, `postgres_misconfigured`
   */
  static async begin(connection: ReplicationConnection, label: string): Promise<BaseBackupStream> {
    const copy = connection.submit(new CopyOut(baseBackupCommand(label)));
    return new BaseBackupStream(copy, await copy.begun, undefined);
  }

  /**
   * Asks for what changed since a prior backup (PostgreSQL 17 and later, with `summarize_wal`).
   * @throws HoldfastError also when the server cannot tell; the connection can be used for another try then
   */
  static async beginUpon(
    connection: ReplicationConnection,
    label: string,
    prior: PriorBackup,
    pageSize: number,
  ): Promise<BaseBackupStream> {
    await connection.submit(new ManifestUpload(prior)).done;
    const copy = connection.submit(new CopyOut(baseBackupCommand(label, true)));
    return new BaseBackupStream(copy, await copy.begun, pageSize);
  }

  /** Directories before what they hold. @throws HoldfastError `backup_session_lost`, `source_unreadable` */
  async *entries(): AsyncGenerator<StreamedEntry, void, void> {
    for await (const { head, data } of sections(this.copy.messages)) {
      if (head.kind === 'manifest') {
        await this.sent.compare(data);
        this.compared = true;
      } else {
        const oid = head.name.replace(/\.tar$/, '');
        yield* this.archive(oid === 'base' ? 'data' : oid, data);
      }
    }
  }

  /** @throws HoldfastError `backup_session_lost` when something is missing */
  end(): StreamEnd {
    const [control, label] = [this.texts.get(controlPath), this.texts.get(labelPath)];
    if (!control || !label || !this.compared) {
      throw new HoldfastError('backup_session_lost', 'the server did not send a whole base backup');
    }
    return {
      stop: this.copy.end,
      // What was read is put together by us: the server must not take the result for a part.
      backupLabel: label.toString().replaceAll(/^INCREMENTAL FROM .*\n/gm, ''),
      tablespaceMap: this.texts.get(mapPath)?.toString() ?? '',
      control: parseControlFile(control, controlPath),
      warnings: this.copy.warnings,
    };
  }

  private async *archive(root: string, data: AsyncIterable<Buffer>): AsyncGenerator<StreamedEntry, void, void> {
    let begun = false;
    for await (const { header, body } of readArchive(data)) {
      const entry = entryOf(root, header);
      if (!entry) continue;
      if (!begun) yield { entry: topOf(entry), body: nothing() };
      begun = true;
      if (entry.type === 'file') yield* this.file(entry, this.watched(entry, body));
      else yield { entry, body: nothing() };
    }
  }

  private async *file(entry: TreeEntry, body: AsyncIterable<Buffer>): AsyncGenerator<StreamedEntry, void, void> {
    const name = entry.root === 'data' && typeof entry.path === 'string' ? entry.path : '';
    if (![controlPath, labelPath, mapPath].includes(name)) {
      if (!leftOut.has(name)) yield await this.asIs(entry, body);
      await drain(body);
      return;
    }
    const parts: Buffer[] = [];
    for await (const part of body) parts.push(part);
    const bytes = Buffer.concat(parts);
    this.texts.set(name, bytes);
    if (name !== controlPath) return; // a restore writes the two others itself
    if (!controlFileIsWhole(bytes)) {
      throw new HoldfastError('backup_session_lost', 'the server sent a half-written pg_control');
    }
    yield { entry, body: only(bytes) };
  }

  private async asIs(entry: TreeEntry, body: AsyncIterable<Buffer>): Promise<StreamedEntry> {
    const path = this.pageSize === undefined ? undefined : ownPath(entry);
    if (this.pageSize === undefined || path === undefined) return { entry, body };
    return await readChanged(entry, path, body, this.pageSize);
  }

  /** Hands the bytes on and notes what they were. */
  private async *watched(entry: TreeEntry, body: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
    let [crc, size] = [0, 0];
    for await (const part of body) {
      crc = crc32c(part, crc);
      size += part.length;
      yield part;
    }
    const relative = pathBytes(entry.path);
    const path = entry.root === 'data' ? relative : Buffer.concat([Buffer.from(`pg_tblspc/${entry.root}/`), relative]);
    this.sent.add(path, size, crc);
  }
}

type Head = Exclude<BackupMessage, { kind: 'data' }>;

/** The one stream in its parts: each archive, and at last the manifest. */
async function* sections(
  messages: AsyncIterable<BackupMessage>,
): AsyncGenerator<{ head: Head; data: AsyncIterable<Buffer> }, void, void> {
  const coming = messages[Symbol.asyncIterator]();
  let next = await coming.next();
  async function* data(): AsyncGenerator<Buffer, void, void> {
    for (next = await coming.next(); !next.done && next.value.kind === 'data'; next = await coming.next()) {
      yield next.value.bytes;
    }
  }
  while (!next.done) {
    const head: BackupMessage = next.value;
    if (head.kind === 'data') throw new HoldfastError('source_unreadable', 'the server sent bytes of no archive');
    const part = data();
    yield { head, data: part };
    await drain(part);
  }
}

async function drain(data: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of data);
}

async function* nothing(): AsyncGenerator<Buffer, void, void> {}

async function* only(bytes: Buffer): AsyncGenerator<Buffer, void, void> {
  yield bytes;
}
