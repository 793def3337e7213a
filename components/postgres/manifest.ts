/**
 * A standard `backup_manifest` (PostgreSQL manual, "Backup Manifest Format") for what a restore placed, so that PostgreSQL's own
 * `pg_verifybackup` can judge it: version 1 up to PostgreSQL 16, version 2 with the system identifier from 17.
 *
 * A file that is one slice carries its SHA-256; one that was cut carries the CRC-32C combined from its slices, since SHA-256
 * cannot be combined. Files that had vanished are left out. Written as a stream; memory holds one run and files still open.
 */
import { createHash } from 'node:crypto';
import type { PostgresFacts } from '../../domain/backup';
import { combineCrc32c } from '../../domain/crc32c';
import type { RunIndex } from '../../domain/pack';
import { pathBytes, type StoredSlice, type TreeEntry, type TreePath } from '../../domain/tree';

/** A file that the restore itself makes: `backup_label`, a minimal configuration. */
export interface GeneratedFile {
  /** Relative to the data directory. */
  path: string;
  contents: Buffer;
}

export interface ManifestSource {
  facts: Pick<PostgresFacts, 'versionNum' | 'systemIdentifier' | 'timeline' | 'startLsn' | 'stopLsn'>;
  /** In any order of runs; the slices of a file may be spread over several. */
  runs: AsyncIterable<Pick<RunIndex, 'entries' | 'packs'>> | Iterable<Pick<RunIndex, 'entries' | 'packs'>>;
  generated: GeneratedFile[];
  /** Size and CRC-32C of a file as it was placed, for files of which the backups before hold a part. */
  placed?: (entry: TreeEntry) => Promise<{ size: number; crc32c: number } | undefined>;
}

/**
 * Size in bytes and checksums of a file as placed, from its slices in any order: it ends where the first stretch that could not
 * be read begins. Undefined when it had vanished before anything of it was read.
 */
export function fileOfSlices(slices: StoredSlice[]): { size: number; sha256?: string; crc32c: number } | undefined {
  let [size, crc] = [0, 0];
  for (const slice of [...slices].sort((a, b) => a.offset - b.offset)) {
    if (slice.outcome === 'vanished' && slice.offset === 0) return undefined;
    crc = combineCrc32c(crc, slice.crc32c, slice.length);
    size = slice.offset + slice.length;
    if (slice.outcome === 'shrunk' || slice.outcome === 'vanished') break;
  }
  return { size, crc32c: crc, ...(slices.length === 1 ? { sha256: slices[0]?.sha256 } : {}) };
}

/** The manifest's text in parts, to be written as `backup_manifest` into the data directory. */
export async function* writeManifest({
  facts,
  runs,
  generated,
  placed,
}: ManifestSource): AsyncGenerator<string, void, void> {
  const hash = createHash('sha256');
  const hashed = (part: string) => {
    hash.update(part);
    return part;
  };
  const major = Math.floor(facts.versionNum / 10000);
  yield hashed(`{ "PostgreSQL-Backup-Manifest-Version": ${major >= 17 ? 2 : 1},\n`);
  // A number, not text, and beyond what JavaScript's numbers hold.
  if (major >= 17) yield hashed(`"System-Identifier": ${facts.systemIdentifier},\n`);
  yield hashed('"Files": [');
  let separator = '\n';
  for await (const line of fileLines(runs, new Set(generated.map((one) => one.path)), placed)) {
    yield hashed(separator + line);
    separator = ',\n';
  }
  for (const file of generated) {
    yield hashed(separator + generatedLine(file));
    separator = ',\n';
  }
  const { timeline, startLsn, stopLsn } = facts;
  const range = { Timeline: timeline, 'Start-LSN': startLsn, 'End-LSN': stopLsn };
  yield hashed(`\n],\n"WAL-Ranges": [\n${JSON.stringify(range)}\n],\n`);
  yield `"Manifest-Checksum": "${hash.digest('hex')}"}\n`;
}

interface OpenFile {
  entry?: TreeEntry;
  slices: StoredSlice[];
}

async function* fileLines(
  runs: ManifestSource['runs'],
  replaced: Set<string>,
  placed: ManifestSource['placed'],
): AsyncGenerator<string, void, void> {
  const open = new Map<string, OpenFile>();
  const file = (root: string, path: TreePath) => {
    const key = `${root}/${pathBytes(path).toString('latin1')}`;
    const found = open.get(key) ?? { slices: [] };
    open.set(key, found);
    return found;
  };
  for await (const run of runs) {
    for (const entry of run.entries) if (entry.type === 'file') file(entry.root, entry.path).entry = entry;
    for (const slice of run.packs.flatMap((pack) => pack.slices)) file(slice.root, slice.path).slices.push(slice);
    for (const [key, { entry, slices }] of open) {
      if (entry?.inherits) {
        open.delete(key);
        yield* placedLine(entry, replaced, placed);
        continue;
      }
      if (!entry || slices.reduce((sum, one) => sum + one.length, 0) < entry.size) continue;
      open.delete(key);
      yield* fileLine(entry, slices, replaced);
    }
  }
  for (const { entry, slices } of open.values()) if (entry) yield* fileLine(entry, slices, replaced);
}

async function* placedLine(
  entry: TreeEntry,
  replaced: Set<string>,
  placed: ManifestSource['placed'],
): AsyncGenerator<string, void, void> {
  const path = manifestPath(entry);
  const file = replaced.has(path.toString('utf8')) ? undefined : await placed?.(entry);
  if (file) yield line(path, file.size, timeOf(entry), 'CRC32C', littleEndianHex(file.crc32c));
}

const emptySha256 = createHash('sha256').digest('hex');

function* fileLine(entry: TreeEntry, slices: StoredSlice[], replaced: Set<string>): Generator<string, void, void> {
  const path = manifestPath(entry);
  if (replaced.has(path.toString('utf8'))) return;
  // An empty file has nothing to store.
  const file =
    slices.length === 0 && entry.size === 0 ? { size: 0, sha256: emptySha256, crc32c: 0 } : fileOfSlices(slices);
  if (!file) return;
  const [algorithm, sum] = file.sha256 ? ['SHA256', file.sha256] : ['CRC32C', littleEndianHex(file.crc32c)];
  yield line(path, file.size, timeOf(entry), algorithm, sum);
}

function timeOf({ mtimeNs }: TreeEntry): Date {
  return new Date(Number(BigInt(mtimeNs) / 1_000_000n));
}

function generatedLine({ path, contents }: GeneratedFile): string {
  const sum = createHash('sha256').update(contents).digest('hex');
  return line(Buffer.from(path), contents.length, new Date(), 'SHA256', sum);
}

function line(path: Buffer, size: number, modified: Date, algorithm: string, checksum: string): string {
  const text = path.toString('utf8');
  return JSON.stringify({
    ...(Buffer.from(text).equals(path) ? { Path: text } : { 'Encoded-Path': path.toString('hex') }),
    Size: size,
    'Last-Modified': `${modified.toISOString().slice(0, 19).replace('T', ' ')} GMT`,
    'Checksum-Algorithm': algorithm,
    Checksum: checksum,
  });
}

function manifestPath({ root, path }: TreeEntry): Buffer {
  const relative = pathBytes(path);
  return root === 'data' ? relative : Buffer.concat([Buffer.from(`pg_tblspc/${root}/`), relative]);
}

/** PostgreSQL writes the bytes of its variable as they lie in memory. */
function littleEndianHex(crc: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(crc >>> 0);
  return bytes.toString('hex');
}
