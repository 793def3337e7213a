/**
 * A store in a directory of a local or mounted file system.
 *
 * Guaranteed: an object appears whole or not at all (temporary file, fsync, then `link()` where it must not exist yet or
 * `rename()` where it may, fsync of the directory); of racing conditional puts one wins. Nothing is created when the
 * directory itself is missing, or another one stands in the place of the one that was written to: an unmounted disk is an error and not a new, empty
 * store. Only {@link DirStore.probe} makes it.
 * Not guaranteed: more than the file system and the disk below keep of what they acknowledged.
 */
import { createHash, randomBytes } from 'node:crypto';
import { link, mkdir, open, readdir, rename, stat, unlink } from 'node:fs/promises';
import path from 'node:path';
import { HoldfastError } from '../../domain/errors';
import type { GetOptions, PutOptions, Store, StoredObject } from '../store';
import { dirError, errnoOf, makeFolders, readStretch, removeEmptyFolders, syncFolder, writeWhole } from './dir-files';
import { walkFolders, walkObjects } from './dir-walk';
import { assertKey, assertPrefix, temporaryFolder } from './keys';
import { probeStore } from './probe';

const staleAfterMs = 24 * 3600 * 1000;

export class DirStore implements Store {
  readonly kind = 'dir';
  #writtenTo = false;

  constructor(
    readonly name: string,
    /** An absolute path. */
    readonly location: string,
  ) {}

  async put(key: string, body: Uint8Array, options: PutOptions = {}): Promise<'created' | 'exists'> {
    assertKey(key);
    options.signal?.throwIfAborted();
    if (options.sha256 !== undefined && !options.readBackLater) await checkBody(key, body, options.sha256);
    return await this.#in(key, async () => {
      const temporary = await this.#temporary();
      try {
        await writeWhole(temporary, body, options.signal);
        return await this.#publish(temporary, key, options.ifAbsent ?? false);
      } finally {
        await unlink(temporary).catch(() => undefined); // after a rename, or a failed write on a full disk
      }
    });
  }

  async get(key: string, options: GetOptions = {}): Promise<Buffer> {
    assertKey(key);
    options.signal?.throwIfAborted();
    return await this.#in(key, async () => {
      const handle = await open(path.join(this.location, key), 'r');
      try {
        const { size } = await handle.stat();
        const { start = 0, length = size } = options.range ?? {};
        const from = start < 0 ? Math.max(0, size + start) : Math.min(start, size);
        return await readStretch(handle, from, Math.min(start < 0 ? size : length, size - from), options.allocate);
      } finally {
        await handle.close();
      }
    });
  }

  async head(key: string): Promise<StoredObject | undefined> {
    assertKey(key);
    try {
      const seen = await stat(path.join(this.location, key));
      return seen.isFile() ? { key, bytes: seen.size, modified: seen.mtime } : undefined;
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' && (await this.#isThere())) return undefined;
      throw dirError(error, this.#where(key));
    }
  }

  async *list(prefix: string, options: { after?: string; signal?: AbortSignal } = {}): AsyncIterable<StoredObject> {
    assertPrefix(prefix);
    try {
      await stat(this.location);
      for await (const object of walkObjects(this.location, prefix, options.after)) {
        options.signal?.throwIfAborted();
        yield object;
      }
    } catch (error) {
      throw dirError(error, this.#where(prefix));
    }
  }

  async *folders(prefix: string): AsyncIterable<string> {
    assertPrefix(prefix);
    try {
      await stat(this.location);
      yield* walkFolders(this.location, prefix);
    } catch (error) {
      throw dirError(error, this.#where(prefix));
    }
  }

  async delete(keys: string[]): Promise<void> {
    keys.forEach(assertKey);
    const folders = new Set<string>();
    for (const key of keys) {
      const file = path.join(this.location, key);
      folders.add(path.dirname(file));
      await unlink(file).catch((error: unknown) => {
        if (errnoOf(error) !== 'ENOENT') throw dirError(error, this.#where(key));
      });
    }
    for (const folder of folders) {
      await syncFolder(folder).catch(() => undefined); // a deletion that a power cut undoes is asked for again
      await removeEmptyFolders(this.location, folder);
    }
  }

  async dropUnfinished(before: Date, { dryRun }: { dryRun: boolean }): Promise<{ objects: number; bytes: number }> {
    const folder = path.join(this.location, temporaryFolder);
    const dropped = { objects: 0, bytes: 0 };
    for (const name of await readdir(folder).catch(() => [])) {
      const file = path.join(folder, name);
      const seen = await stat(file).catch(() => undefined);
      if (seen === undefined || seen.mtime >= before) continue;
      if (!dryRun) await unlink(file).catch(() => undefined);
      dropped.objects++;
      dropped.bytes += seen.size;
    }
    return dropped;
  }

  async clock(): Promise<Date> {
    return await this.#in('', async () => {
      const temporary = await this.#temporary();
      await writeWhole(temporary, Buffer.alloc(0));
      const { mtime } = await stat(temporary);
      await unlink(temporary);
      return mtime;
    });
  }

  async probe(): Promise<void> {
    await mkdir(this.location, { recursive: true, mode: 0o700 }).catch((error: unknown) => {
      throw dirError(error, this.location);
    });
    await this.dropUnfinished(new Date(Date.now() - staleAfterMs), { dryRun: false });
    await probeStore(this);
  }

  async close(): Promise<void> {}

  /** `link` fails where the name is taken: that is the conditional put. The folder is synced for the loser as well. */
  async #publish(temporary: string, key: string, ifAbsent: boolean): Promise<'created' | 'exists'> {
    const file = path.join(this.location, key);
    const folder = path.dirname(file);
    for (let attempt = 0; ; attempt++) {
      try {
        await (ifAbsent ? link(temporary, file) : rename(temporary, file));
        await syncFolder(folder);
        return 'created';
      } catch (error) {
        if (errnoOf(error) === 'EEXIST') {
          await syncFolder(folder);
          return 'exists';
        }
        if (errnoOf(error) !== 'ENOENT' || attempt === 10) throw error;
        await makeFolders(this.location, folder); // new, or removed as empty by a deletion next to us
      }
    }
  }

  async #temporary(): Promise<string> {
    const folder = path.join(this.location, temporaryFolder);
    if (!this.#writtenTo) await makeFolders(this.location, folder);
    else await stat(folder).catch((error: unknown) => this.#assertSame(error));
    this.#writtenTo = true;
    return path.join(folder, `${process.pid}-${randomBytes(12).toString('hex')}`);
  }

  /** The folder for temporary files stays for ever: where it is gone the disk is. */
  async #assertSame(error: unknown): Promise<never> {
    if (errnoOf(error) !== 'ENOENT' || !(await this.#isThere())) throw error;
    throw new HoldfastError(
      'store_unavailable',
      'the store was written to before, and its directory is another one now',
      {
        where: this.location,
        hints: ['check that its file system is mounted', 'if it was emptied on purpose: begin anew with all processes'],
      },
    );
  }

  async #isThere(): Promise<boolean> {
    return await stat(this.location).then(
      () => true,
      () => false,
    );
  }

  async #in<T>(key: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      if (errnoOf(error) === 'ENOENT' && key !== '' && (await this.#isThere())) {
        throw new HoldfastError('object_not_found', 'the object is not in the store', { where: this.#where(key) });
      }
      throw dirError(error, this.#where(key));
    }
  }

  #where(key: string): string {
    return `${this.name}:${key}`;
  }
}

async function checkBody(key: string, body: Uint8Array, sha256: string): Promise<void> {
  if (createHash('sha256').update(body).digest('hex') === sha256) return;
  throw new HoldfastError('checksum_mismatch', 'the bytes to be stored are not those that were meant', { where: key });
}
