/** PostgreSQL from the machine's own Debian or Ubuntu packages, unpacked into the cache with the libraries the machine lacks. */
import { chmodSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { lastLines, onPath, run } from './command.mjs';
import { say } from './say.mjs';

/** @returns {Promise<string | undefined>} a folder with `versions/<major>/bin`, undefined where this is not Debian or the packages cannot be had */
export async function unpackDebian(folder) {
  if (!onPath('apt-get') || !onPath('dpkg-deb')) return undefined;
  const packages = await neededPackages();
  if (packages.length === 0) return undefined;
  say(`fetching PostgreSQL from Debian's packages (${packages.join(', ')}) …`);
  const downloads = path.join(folder, 'downloads');
  mkdirSync(downloads);
  const done = await run('apt-get', ['download', '-q', ...packages], { cwd: downloads });
  if (done.code !== 0) return say(`apt-get download failed: ${lastLines(done.err)}`);
  const tree = path.join(folder, 'tree');
  for (const name of readdirSync(downloads)) await run('dpkg-deb', ['-x', path.join(downloads, name), tree]);
  return arrange(folder, tree);
}

/** What apt would install, less what only prepares a system-wide service; asks root's apt for fresh lists when it knows no PostgreSQL. */
async function neededPackages() {
  const ask = () => run('apt-get', ['install', '-s', '--no-install-recommends', 'postgresql']);
  let plan = await ask();
  if (!plan.out.includes('Inst postgresql-') && process.getuid?.() === 0) {
    await run('apt-get', ['update', '-q']);
    plan = await ask();
  }
  const names = [...plan.out.matchAll(/^Inst (\S+)/gm)].map(([, name]) => name);
  const wanted = names.filter(
    (name) => /^(postgresql-(client-)?\d+|lib[^:]*)$/.test(name) && !/^lib(llvm|perl|json-perl)/.test(name),
  );
  return wanted.some((name) => /^postgresql-\d+$/.test(name)) ? wanted : [];
}

/** `versions/<major>/bin` holds one small script a program, which adds the unpacked libraries and becomes the real program (same pid). */
function arrange(folder, tree) {
  const home = path.join(folder, 'home');
  mkdirSync(home);
  renameSync(tree, path.join(home, 'tree'));
  const versions = path.join(home, 'tree', 'usr', 'lib', 'postgresql');
  for (const version of existsSync(versions) ? readdirSync(versions) : []) {
    // Without LLVM beside it the just-in-time compiler would fail at the first expensive query; absent, it is simply not used.
    rmSync(path.join(versions, version, 'lib', 'llvmjit.so'), { force: true });
    const bin = path.join(home, 'versions', version, 'bin');
    mkdirSync(bin, { recursive: true });
    for (const name of readdirSync(path.join(versions, version, 'bin')))
      writeScript(path.join(bin, name), version, name);
  }
  return home;
}

function writeScript(file, version, name) {
  const lines = [
    '#!/bin/sh',
    'tree=$(dirname "$(readlink -f "$0")")/../../../tree/usr/lib',
    `libraries=$(echo "$tree"/*-linux-gnu | tr ' ' ':')`,
    '[ -z "$LD_LIBRARY_PATH" ] || libraries="$libraries:$LD_LIBRARY_PATH"',
    'export LD_LIBRARY_PATH="$libraries"',
    `exec "$tree/postgresql/${version}/bin/${name}" "$@"`,
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  chmodSync(file, 0o755);
}
