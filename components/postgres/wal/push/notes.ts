/**
 * What the stores have acknowledged before the server asked for it, so that its turn costs no more than a look at this folder.
 *
 * A note speaks of one file as it was (inode, size, times) under one configuration as it was, and is good for one answer. Nothing
 * depends on notes: where one is missing or does not fit, the file is pushed, and found to be stored.
 */
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import path from 'node:path';
import type { FileStamp } from '../../../../domain/tree';
import { sameStamp, stampOf } from '../../../tree/stamp';

interface Note {
  wal: FileStamp;
  config: FileStamp;
}

export class PushNotes {
  private readonly folder: string;

  /** @param configFile what decides which stores must have the WAL */
  constructor(
    dataDir: string,
    private readonly configFile: string,
  ) {
    const root = process.env['XDG_STATE_HOME'] ?? path.join(homedir(), '.local', 'state');
    const id = createHash('sha256').update(dataDir).digest('hex').slice(0, 16);
    this.folder = path.join(root, 'holdfast', 'pushed', id);
  }

  /** Stamps of the file and the configuration; to be taken before the file is read. */
  stamp(file: string): Note | undefined {
    try {
      return { wal: stampAt(file), config: stampAt(this.configFile) };
    } catch {
      return undefined;
    }
  }

  write(file: string, note: Note | undefined): void {
    if (note === undefined) return;
    const place = this.place(file);
    try {
      mkdirSync(this.folder, { recursive: true, mode: 0o700 });
      writeFileSync(`${place}.${process.pid}`, JSON.stringify(note), { mode: 0o600 });
      renameSync(`${place}.${process.pid}`, place);
    } catch {
      // No place for it: the file is pushed when its turn comes.
    }
  }

  /** Whether the stores have this very file. The note is gone afterwards. */
  take(file: string): boolean {
    try {
      const note = JSON.parse(readFileSync(this.place(file), 'utf8')) as Note;
      rmSync(this.place(file));
      const now = this.stamp(file);
      return now !== undefined && sameStamp(note.wal, now.wal) && sameStamp(note.config, now.config);
    } catch {
      return false;
    }
  }

  private place(file: string): string {
    return path.join(this.folder, path.basename(file));
  }
}

function stampAt(file: string): FileStamp {
  return stampOf(statSync(file, { bigint: true }));
}
