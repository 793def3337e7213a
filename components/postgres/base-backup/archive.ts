/** The tar archives of a base backup: one for the data directory, one for each tablespace. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { extract, type Headers } from 'tar-stream';
import { HoldfastError, isHoldfastError } from '../../../domain/errors';
import { type TreeEntry, treePath } from '../../../domain/tree';

export interface ArchiveMember {
  header: Headers;
  /** To be read to its end, or not at all, before the next member is asked for. */
  body: AsyncIterable<Buffer>;
}

/** @throws HoldfastError `source_unreadable` when the bytes are no archive; whatever reading them throws */
export async function* readArchive(data: AsyncIterable<Buffer>): AsyncGenerator<ArchiveMember, void, void> {
  // One byte, one code unit: names need not be UTF-8.
  const unpacking = extract({ filenameEncoding: 'latin1' });
  const feeding = pipeline(Readable.from(data), unpacking);
  feeding.catch(() => undefined); // awaited below; a reader that gave up breaks it on purpose
  try {
    for await (const member of unpacking) {
      yield { header: member.header, body: bytesOf(member) };
      member.resume();
    }
    await feeding;
  } catch (error) {
    throw noArchive(error);
  }
}

async function* bytesOf(member: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  try {
    yield* member;
  } catch (error) {
    throw noArchive(error);
  }
}

/** What the connection ended with passes as it is. */
function noArchive(error: unknown): HoldfastError {
  if (isHoldfastError(error)) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new HoldfastError('source_unreadable', `the server sent what is no archive: ${why}`, { cause: error });
}

/**
 * What is kept of a member: files and directories. Undefined for links: those of tablespaces are made anew by a restore, a link
 * to a WAL directory elsewhere comes as a directory already.
 * @throws HoldfastError `unsafe_path`
 */
export function entryOf(root: string, header: Headers): TreeEntry | undefined {
  if (header.type !== 'file' && header.type !== 'directory') return undefined;
  const path = header.name.replace(/^\.\//, '').replace(/\/+$/, '');
  if (path.startsWith('/') || path.split('/').includes('..')) {
    throw new HoldfastError('unsafe_path', 'the server sent a file that lies outside its data', {
      where: JSON.stringify(path),
    });
  }
  const mtimeNs = String(BigInt(header.mtime?.getTime() ?? 0) * 1_000_000n);
  return {
    root,
    path: treePath(Buffer.from(path, 'latin1')),
    type: header.type,
    mode: (header.mode ?? 0o600) & 0o7777,
    uid: header.uid ?? 0,
    gid: header.gid ?? 0,
    ...(header.uname ? { user: header.uname } : {}),
    ...(header.gname ? { group: header.gname } : {}),
    size: header.type === 'file' ? (header.size ?? 0) : 0,
    // Nobody looks at the server's files: there is nothing that they could be compared with later.
    ...{ ino: '0', mtimeNs, ctimeNs: mtimeNs },
  };
}

/** The top of a tree, which no archive holds: open to the group where the first thing in it is. */
export function topOf({ root, mode, uid, gid, user, group, mtimeNs, ctimeNs, ino }: TreeEntry): TreeEntry {
  const owner = { uid, gid, ...(user ? { user } : {}), ...(group ? { group } : {}) };
  const times = { ino, mtimeNs, ctimeNs };
  return { root, path: '', type: 'directory', mode: mode & 0o040 ? 0o750 : 0o700, ...owner, size: 0, ...times };
}
