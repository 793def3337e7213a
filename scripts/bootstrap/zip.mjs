/** Unpacks zip archives (wheels are zips) with nothing but node:zlib, since a bare machine has no unzip. */
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { inflateRawSync } from 'node:zlib';

const END = 0x06054b50;
const ENTRY = 0x02014b50;

/**
 * Writes the wanted members below `folder`, with their execute bits. No zip64, no encryption: wheels of this size have neither.
 * @param {(name: string) => string | undefined} rename the member's path below `folder`, undefined to leave it out
 */
export function unzip(file, folder, rename = (name) => name) {
  const zip = readFileSync(file);
  let end = zip.length - 22;
  while (end >= 0 && zip.readUInt32LE(end) !== END) end--;
  if (end < 0) throw new Error(`${path.basename(file)} is not a zip archive`);
  let at = zip.readUInt32LE(end + 16);
  for (let left = zip.readUInt16LE(end + 10); left > 0; left--) {
    if (zip.readUInt32LE(at) !== ENTRY) throw new Error(`${path.basename(file)} has a damaged directory`);
    const nameLength = zip.readUInt16LE(at + 28);
    const name = zip.toString('utf8', at + 46, at + 46 + nameLength);
    const target = name.endsWith('/') ? undefined : rename(name);
    if (target !== undefined) writeMember(zip, at, inside(folder, target));
    at += 46 + nameLength + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
}

function writeMember(zip, at, file) {
  const method = zip.readUInt16LE(at + 10);
  const packed = zip.readUInt32LE(at + 20);
  const mode = (zip.readUInt32LE(at + 38) >>> 16) & 0o777;
  const local = zip.readUInt32LE(at + 42);
  const start = local + 30 + zip.readUInt16LE(local + 26) + zip.readUInt16LE(local + 28);
  const data = zip.subarray(start, start + packed);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, method === 0 ? data : inflateRawSync(data));
  chmodSync(file, 0o644 | (mode & 0o111));
}

/** A member's name never leads out of the folder, whatever the archive says. */
function inside(folder, name) {
  const file = path.resolve(folder, name);
  if (!file.startsWith(path.resolve(folder) + path.sep))
    throw new Error(`the archive names ${name}, outside of itself`);
  return file;
}
