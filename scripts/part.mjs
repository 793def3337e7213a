#!/usr/bin/env node
/** `node scripts/part.mjs temporal|postgres|postgres17|versitygw|chromium`: finds or fetches one part and prints its path (progress on stderr). */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureParts, partNames } from './bootstrap/parts.mjs';
import { MissingPiece, orExplain } from './bootstrap/say.mjs';

const PRINTED = {
  temporal: 'HOLDFAST_TEMPORAL_CLI',
  postgres: 'HOLDFAST_PG_BINDIRS',
  postgres17: 'HOLDFAST_TEST_PG17',
  versitygw: 'HOLDFAST_VERSITYGW',
  chromium: 'HOLDFAST_CHROMIUM',
};

await orExplain(async () => {
  const [name] = process.argv.slice(2);
  if (!partNames.includes(name)) {
    throw new MissingPiece(`there is no part ${name ?? ''}`, `node scripts/part.mjs ${partNames.join('|')}`);
  }
  await ensureParts(path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..'), [name]);
  process.stdout.write(`${process.env[PRINTED[name]]}\n`);
});
