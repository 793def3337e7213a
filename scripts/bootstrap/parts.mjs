/** The parts a command needs beside Node and the packages, and how the programs we start learn where they are. */
import { cacheFolder } from './cache.mjs';
import { ensureChromium } from './chromium.mjs';
import { ensurePostgres, ensureSummarizingPostgres } from './postgres.mjs';
import { ensureTemporal, locateTemporal } from './temporal.mjs';
import { ensureVersitygw } from './versitygw.mjs';

const PARTS = {
  temporal: async (root) => ({ HOLDFAST_TEMPORAL_CLI: await ensureTemporal(root) }),
  postgres: async () => ({ HOLDFAST_PG_BINDIRS: (await ensurePostgres()).join(':') }),
  postgres17: async () => ({ HOLDFAST_TEST_PG17: await ensureSummarizingPostgres() }),
  versitygw: async () => ({ HOLDFAST_VERSITYGW: await ensureVersitygw() }),
  chromium: async () => ({ HOLDFAST_CHROMIUM: await ensureChromium() }),
};

/** The names `ensureParts` takes. */
export const partNames = Object.keys(PARTS);

/** Finds, or fetches, the named parts and exports them to this process's environment, which children inherit. */
export async function ensureParts(root, names) {
  process.env.HOLDFAST_CACHE = cacheFolder();
  for (const name of names) Object.assign(process.env, await PARTS[name](root));
}

/** Exports what is already there without running or fetching anything: for commands that may never need it. */
export function exportKnownParts() {
  process.env.HOLDFAST_CACHE = cacheFolder();
  const temporal = locateTemporal();
  if (temporal) process.env.HOLDFAST_TEMPORAL_CLI = temporal;
}
