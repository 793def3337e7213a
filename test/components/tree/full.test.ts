import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { asRoot, temporaryFolder } from './sample';

const mounts = asRoot && spawnSync('unshare', ['-m', 'true']).status === 0;

/** A file system of 256 KiB, in a mount namespace of its own. */
(mounts ? test : test.skip)('a full target ends with its own code, and says which file', () => {
  const folder = temporaryFolder();
  const script = `
    const { openPlacer } = require(${JSON.stringify(path.join(__dirname, '../../../components/tree/place.js'))});
    const { rootDirs } = require(${JSON.stringify(path.join(__dirname, '../../../components/tree/read.js'))});
    const slice = { root: '0', path: 'd/file', offset: 0, length: 1024 * 1024, at: 0, sha256: '', crc32c: 0, outcome: 'ok' };
    try {
      openPlacer(rootDirs({ 0: process.argv[1] })).open(slice).write(Buffer.alloc(1024 * 1024, 1), 0);
    } catch ({ code, where, hints }) {
      console.log(JSON.stringify({ code, where, hints: hints.length }));
    }
  `;
  const shell = 'mount -t tmpfs -o size=256k none "$1" && exec "$2" -e "$3" "$1"';
  const args = ['-m', 'sh', '-c', shell, 'sh', folder, process.execPath, script];
  const { stdout } = spawnSync('unshare', args, { encoding: 'utf8' });
  fs.rmSync(folder, { recursive: true });
  expect(JSON.parse(stdout)).toEqual({ code: 'target_full', where: 'd/file', hints: 1 });
});
