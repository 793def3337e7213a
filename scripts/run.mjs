#!/usr/bin/env node
/** `npm run NAME` from a bare clone: first whatever NAME needs, then NAME. See `scripts/tasks.mjs` for the names. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { handOver } from './bootstrap/hand-over.mjs';
import { findNode, nodeIsNewEnough } from './bootstrap/node.mjs';
import { MissingPiece, orExplain } from './bootstrap/say.mjs';
import { tasks } from './tasks.mjs';

const self = fileURLToPath(import.meta.url);
const root = path.resolve(path.dirname(self), '..');

await orExplain(async () => {
  const [name, ...args] = process.argv.slice(2);
  const task = tasks[name];
  if (!task) throw new MissingPiece(`there is no task ${name ?? ''}`, `npm run ${Object.keys(tasks).join('|')}`);
  const node = await findNode();
  if (!nodeIsNewEnough()) return handOver(node, [self, name, ...args]);
  // Whatever starts `node` from here on, shebangs and npm included, gets the Node that will do.
  process.env.PATH = `${path.dirname(process.execPath)}${path.delimiter}${process.env.PATH ?? ''}`;
  process.exitCode = await task(root, args);
});
