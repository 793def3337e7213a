/**
 * The spool on disk: whole segments and history files under the names a server's `restore_command` asks for.
 *
 * Guaranteed: a file appears only when it is whole, however many attempts write at once; a journal beside them remembers what each
 * was made of, so that a spool that was cut goes on. Not guaranteed: that what was written outlasts a power cut, unless the spool
 * was opened as durable. What a machine wrote before it went down is read and compared before it is believed.
 */
import { randomBytes } from 'node:crypto';
import { access, appendFile, chown, mkdir, readdir, readFile, rename, rm, unlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { crc32c } from '@node-rs/crc32';
import { bootId } from '../../tree/boot';
import { placingError } from '../../tree/placing-error';
import { pidTaken } from '../instance';
import type { Owner } from '../owner';

const journalName = '.spooled';
/** Named after the process that writes it. */
const draft = /^\..+\.(\d+)-[0-9a-f]+\.tmp$/;

interface Entry {
  name: string;
  /** How much of the segment was stored when it was fetched; more may be by now. */
  storedTo: number;
  crc32c: number;
  /** The start of the machine that it was written in; absent: it is on disk. */
  boot?: string;
}

export interface SpoolFilesOptions {
  /** Whom the files are to belong to (they are readable to nobody else). */
  owner?: Pick<Owner, 'uid' | 'gid'>;
  /** Every file is on disk before it counts: for a spool that is to be used without us. */
  durable?: boolean;
}

export class SpoolFiles {
  private readonly entries = new Map<string, Entry>();
  private readonly boot = bootId();

  private constructor(
    readonly dir: string,
    private readonly options: SpoolFilesOptions,
  ) {}

  static async open(dir: string, options: SpoolFilesOptions = {}): Promise<SpoolFiles> {
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const spool = new SpoolFiles(dir, options);
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

  /** Removes what killed processes left half-written. */
  async sweep(): Promise<void> {
    for (const name of await readdir(this.dir)) {
      const pid = draft.exec(name)?.[1];
      if (pid !== undefined && !pidTaken(Number(pid))) await rm(path.join(this.dir, name), { force: true });
    }
  }

  /** The file's bytes when it is exactly what was spooled, from just as much as is stored now. */
  async reuse(name: string, storedTo: number): Promise<Buffer | undefined> {
    const entry = this.entries.get(name);
    if (!entry || entry.storedTo !== storedTo) return undefined;
    const bytes = await readFile(path.join(this.dir, name)).catch(() => undefined);
    return bytes && crc32c(bytes) === entry.crc32c ? bytes : undefined;
  }

  /** Whether the file is there as it was written; it is read only where that may be doubted. */
  async holds(name: string, storedTo: number): Promise<boolean> {
    const entry = this.entries.get(name);
    if (!entry || entry.storedTo !== storedTo) return false;
    if (entry.boot === undefined || entry.boot === this.boot) return await this.has(name);
    return (await this.reuse(name, storedTo)) !== undefined;
  }

  async has(name: string): Promise<boolean> {
    return await access(path.join(this.dir, name)).then(
      () => true,
      () => false,
    );
  }

  /** @throws HoldfastError `target_full` */
  async write(name: string, bytes: Buffer, storedTo: number, crc = crc32c(bytes)): Promise<void> {
    await this.put(name, bytes);
    const entry: Entry = { name, storedTo, crc32c: crc, ...(this.options.durable ? {} : { boot: this.boot }) };
    this.entries.set(name, entry);
    await this.attempt(name, () => appendFile(path.join(this.dir, journalName), `${JSON.stringify(entry)}\n`));
  }

  /** A small file of ours among them, that no journal speaks of. */
  async put(name: string, bytes: Buffer | string): Promise<void> {
    // A name of its own for every attempt: nobody writes into what another has just made whole.
    const temporary = path.join(this.dir, `.${name}.${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
    await this.attempt(name, async () => {
      try {
        await writeFile(temporary, bytes, { mode: 0o600, flag: 'wx', flush: this.options.durable === true });
        await this.own(temporary);
        await rename(temporary, path.join(this.dir, name));
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
    });
  }

  /** A file that the stored WAL no longer has (another timeline won, a quarantine) must not be offered to the server. */
  async drop(name: string): Promise<void> {
    this.entries.delete(name);
    await unlink(path.join(this.dir, name)).catch(() => undefined);
  }

  private async attempt(name: string, write: () => Promise<void>): Promise<void> {
    try {
      await write();
    } catch (error) {
      throw placingError(path.join(this.dir, name), error);
    }
  }

  private async own(file: string): Promise<void> {
    const { owner } = this.options;
    if (owner && process.getuid?.() === 0) await chown(file, owner.uid, owner.gid);
  }
}
