/** versitygw, the S3 server of the tests and of `npm run demo -- --s3`: one Go program, built from its pinned module. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { inCache, placeInCache } from './cache.mjs';
import { isProgram, lastLines, onPath, run } from './command.mjs';
import { findGo } from './go.mjs';
import { MissingPiece, say } from './say.mjs';

const MODULE = 'github.com/versity/versitygw';
const VERSION = 'v1.8.0';

/** The path of a versitygw of the pinned version; built once when there is none (two minutes). */
export async function ensureVersitygw() {
  const final = inCache('bin', 'versitygw');
  for (const file of [process.env.HOLDFAST_VERSITYGW, onPath('versitygw'), final])
    if (file && serves(file)) return file;
  await placeInCache(final, () => serves(final), build);
  return final;
}

/** Go notes the module's version in what it builds; `go install` checked the sources against Go's checksum database. */
function serves(file) {
  return isProgram(file) && readFileSync(file).includes(`mod\t${MODULE}\t${VERSION}\t`);
}

async function build(folder) {
  const go = await findGo(folder);
  say(`building the S3 server versitygw ${VERSION} (about two minutes) …`);
  const env = { ...process.env, ...go.env, CGO_ENABLED: '0', GOBIN: folder };
  const flags = ['-trimpath', '-ldflags', '-s -w'];
  const done = await run(go.program, ['install', ...flags, `${MODULE}/cmd/versitygw@${VERSION}`], { env });
  const made = path.join(folder, 'versitygw');
  if (done.code === 0 && serves(made)) return made;
  throw new MissingPiece(
    `versitygw could not be built: ${lastLines(done.err)}`,
    `CGO_ENABLED=0 GOBIN=${inCache('bin')} go install ${MODULE}/cmd/versitygw@${VERSION}`,
  );
}
