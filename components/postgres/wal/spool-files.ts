/**
 * The spool on disk: whole segments and history files under the names a server's `restore_command` asks for. A file appears only
 * when it is whole; a journal beside them remembers what each was made of, so that a spool that was cut goes on.
 */
import { createHash } from 'node:crypto';
import { appendFile, chown, mkdir, readFile, rename, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { placingError } from '../../tree/placing-error';

const journalName = '.spooled';

interface Entry {
  name: string;
  /** How much of the segment was stored when it was fetched; more may be by now. */
  storedTo: number;
  sha256: string;
}

export class SpoolFiles {
  private readonly entries = new Map<string, Entry>();

  private constructor(
    private readonly dir: string,
    private readonly owner?: { uid: number; gid: number },
  ) {}

  static async open(dir: string, owner?: { uid: number; gid: number }): Promise<SpoolFiles> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const spool = new SpoolFiles(dir, owner);
    await spool.own(dir);
    const journal = await readFile(path.join(dir, journalName), 'utf8').catch(() => '');
    for (const line of journal.split('\n')) {
      try {
        const entry = JSON.parse(line) as Entry;
        spool.entries.set(entry.name, entry);
      } catch {
        // the last line may be cut off: its file is fetched again
      }
    }
    return spool;
  }

  /** The file's bytes when it is exactly what was spooled, from at least as much as is stored now. */
  async reuse(name: string, storedTo: number): Promise<Buffer | undefined> {
    const entry = this.entries.get(name);
    if (!entry || entry.storedTo !== storedTo) return undefined;
    const bytes = await readFile(path.join(this.dir, name)).catch(() => undefined);
    return bytes && sha256(bytes) === entry.sha256 ? bytes : undefined;
  }

  /** @throws HoldfastError `target_full` */
  async write(name: string, bytes: Buffer, storedTo: number): Promise<void> {
    try {
      await this.writeDurably(name, bytes, storedTo);
    } catch (error) {
      throw placingError(path.join(this.dir, name), error);
    }
  }

  private async writeDurably(name: string, bytes: Buffer, storedTo: number): Promise<void> {
    const temporary = path.join(this.dir, `.${name}.tmp`);
    await writeFile(temporary, bytes, { mode: 0o600, flush: true });
    await this.own(temporary);
    await rename(temporary, path.join(this.dir, name));
    const entry: Entry = { name, storedTo, sha256: sha256(bytes) };
    this.entries.set(name, entry);
    await appendFile(path.join(this.dir, journalName), `${JSON.stringify(entry)}\n`);
  }

  /** A file that the stored WAL no longer has (another timeline won, a quarantine) must not be offered to the server. */
  async drop(name: string): Promise<void> {
    this.entries.delete(name);
    await unlink(path.join(this.dir, name)).catch(() => undefined);
  }

  private async own(file: string): Promise<void> {
    if (this.owner && process.getuid?.() === 0) await chown(file, this.owner.uid, this.owner.gid);
  }
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}
