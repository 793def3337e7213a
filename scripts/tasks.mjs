/** What each npm script does. A task returns its exit code. */
import path from 'node:path';
import { ensureBuild } from './bootstrap/build.mjs';
import { firstLines, run } from './bootstrap/command.mjs';
import { handOver } from './bootstrap/hand-over.mjs';
import { ensurePackages } from './bootstrap/packages.mjs';
import { ensureParts } from './bootstrap/parts.mjs';
import { MissingPiece } from './bootstrap/say.mjs';
import { checkStyle, checkTypes, program, runChecks } from './checks.mjs';

/** @type {Record<string, (root: string, args: string[]) => Promise<number>>} */
export const tasks = {
  build: async (root) => {
    await ensurePackages(root);
    const complaints = await checkTypes(root);
    if (complaints !== 0) return complaints;
    // Made now, since where it is deployed the folder may be read-only.
    return (await run(process.execPath, [path.join(root, 'dist', 'workers', 'bundle.js')], { stdio: 'inherit' })).code;
  },
  lint: async (root, args) => {
    await ensurePackages(root);
    return checkStyle(root, args);
  },
  format: async (root, args) => {
    await ensurePackages(root);
    return program(root, 'biome', ['check', '--write', ...(args.length > 0 ? args : ['.'])]);
  },
  test: async (root, args) => {
    await ensurePackages(root);
    await ensureParts(root, ['temporal', 'postgres', 'postgres17', 'versitygw', 'chromium']);
    return runChecks(root, args);
  },
  demo: (root, args) =>
    become(root, args.includes('--s3') ? [...LOCAL, 'versitygw'] : LOCAL, 'client/demo/main.js', args),
  soak: (root, args) => become(root, [...LOCAL, 'versitygw'], 'test/faults/soak.js', args),
  'soak:host': (root, args) => become(root, [...LOCAL, 'versitygw'], 'test/faults/host-soak.js', args),
  'soak:network': (root, args) => become(root, [...LOCAL, 'versitygw'], 'test/faults/network-soak.js', args),
  'soak:store': (root, args) => become(root, [...LOCAL, 'versitygw'], 'test/faults/store-soak.js', args),
  'soak:sites': (root, args) => become(root, [...LOCAL, 'versitygw'], 'test/real/sites/soak.js', args),
  bench: (root, args) => become(root, [...LOCAL, 'versitygw'], 'bench/main.js', args),
  'model:retention': (root, args) => become(root, [], 'test/model/retention/main.js', args),
  'history:record': (root, args) => become(root, [...LOCAL, 'versitygw'], 'test/replay/record.js', args),
};

const LOCAL = ['temporal', 'postgres'];

async function become(root, parts, file, args) {
  await ensurePackages(root);
  await ensureParts(root, parts);
  const complaint = await ensureBuild(root);
  if (complaint) throw new MissingPiece(`the sources do not compile:\n${firstLines(complaint)}`, 'npm run build');
  return handOver(process.execPath, [path.join(root, 'dist', file), ...args]);
}
