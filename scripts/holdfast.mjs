#!/usr/bin/env node
/**
 * The `holdfast` command in a clone: brings a Node that will do, the packages and the build when something is missing,
 * then becomes the CLI. Relative paths keep their meaning under `npm run`, which changes the directory: INIT_CWD.
 * Temporal is only looked for, not fetched: most commands need no engine of their own (`scripts/part.mjs temporal` fetches it).
 */
import { runMain } from 'node:module';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuild } from './bootstrap/build.mjs';
import { firstLines } from './bootstrap/command.mjs';
import { handOver } from './bootstrap/hand-over.mjs';
import { findNode, nodeIsNewEnough } from './bootstrap/node.mjs';
import { ensurePackages } from './bootstrap/packages.mjs';
import { exportKnownParts } from './bootstrap/parts.mjs';
import { MissingPiece, orExplain } from './bootstrap/say.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

await orExplain(async () => {
  const node = await findNode();
  await ensurePackages(root);
  const complaint = await ensureBuild(root);
  if (complaint) throw new MissingPiece(`the sources do not compile:\n${firstLines(complaint)}`, 'npm run build');
  exportKnownParts();
  process.env.INIT_CWD ??= process.cwd();
  process.env.HOLDFAST_PART_SCRIPT = path.join(root, 'scripts', 'part.mjs');
  const main = path.join(root, 'dist', 'client', 'main.js');
  if (!nodeIsNewEnough()) return handOver(node, [main, ...process.argv.slice(2)]);
  // No second process where none is needed: from here on this one is the CLI, `require.main` included.
  process.argv[1] = main;
  runMain();
});
