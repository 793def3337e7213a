/**
 * The manifest that the server sends after the archives, held against what came: every file once, in the order of sending, with its size and
 * CRC-32C. So nothing is lost or altered between the server's reading and our packs without being noticed.
 *
 * Memory: sixteen bytes a file. The manifest itself is read line by line.
 */
import { crc32c } from '@node-rs/crc32';
import { HoldfastError } from '../../../domain/errors';

interface ManifestLine {
  Path?: string;
  'Encoded-Path'?: string;
  Size: number;
  Checksum: string;
}

const fields = 4;

export class SentFiles {
  private seen = new Float64Array(fields * 4096);
  private count = 0;

  /** @param path relative to the data directory, tablespaces below `pg_tblspc`. */
  add(path: Buffer, size: number, crc: number): void {
    const at = this.count++ * fields;
    if (at === this.seen.length) {
      const grown = new Float64Array(this.seen.length * 2);
      grown.set(this.seen);
      this.seen = grown;
    }
    this.seen.set([crc32c(path), path.length, size, crc], at);
  }

  /** @throws HoldfastError `source_unreadable` naming the first file that differs */
  async compare(manifest: AsyncIterable<Buffer>): Promise<void> {
    let at = 0;
    for await (const line of linesOf(manifest)) {
      const file = fileOf(line);
      if (!file) continue;
      const path = file.Path === undefined ? Buffer.from(file['Encoded-Path'] ?? '', 'hex') : Buffer.from(file.Path);
      const expected = [crc32c(path), path.length, file.Size, littleEndian(file.Checksum)];
      const found = this.seen.subarray(at * fields, at * fields + fields);
      if (at++ >= this.count || expected.some((value, field) => value !== found[field])) throw differs(path.toString());
    }
    if (at !== this.count) throw differs(`${this.count - at} files`);
  }
}

/** Undefined for lines that are about no file. */
function fileOf(line: string): ManifestLine | undefined {
  const start = line.indexOf('{ "');
  if (!/^\{ "(Encoded-)?Path"/.test(line.slice(start))) return undefined;
  return JSON.parse(line.slice(start).replace(/[,\]\s]+$/, '')) as ManifestLine;
}

/** PostgreSQL writes the bytes of its variable as they lie in memory. */
function littleEndian(hex: string): number {
  return Buffer.from(hex, 'hex').readUInt32LE(0);
}

async function* linesOf(data: AsyncIterable<Buffer>): AsyncGenerator<string, void, void> {
  let rest = '';
  for await (const part of data) {
    const lines = (rest + part.toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) yield Buffer.from(line, 'latin1').toString('utf8');
  }
  if (rest !== '') yield rest;
}

/** Not worth another stream: nothing that passes by itself does this. */
function differs(where: string): HoldfastError {
  return new HoldfastError(
    'source_unreadable',
    "what came over the connection differs from the server's own manifest",
    {
      where,
      hints: [
        'something between the server and here alters bytes, or the server answers in a form that this version does not know',
      ],
    },
  );
}
