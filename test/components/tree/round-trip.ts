/** Carries a tree from one folder to another by way of plan, slices and placing, without a store in between. */
import { createHash } from 'node:crypto';
import { type FinishOptions, finishTree } from '../../../components/tree/finish';
import { openPlacer } from '../../../components/tree/place';
import { prepareTree } from '../../../components/tree/prepare';
import { openSlice, type RootDirs } from '../../../components/tree/read';
import type { RunPlan } from '../../../domain/pack';
import { eachRun, type Plannable, planRuns } from '../../../domain/plan-runs';
import { StoredSizes } from '../../../domain/stored-sizes';
import type { Slice, StoredSlice, TreeEntry } from '../../../domain/tree';
import { readBytes } from '../../../repository/packs/slice-reader';

export interface Carried {
  runs: RunPlan[];
  entries: TreeEntry[];
  stored: { slice: StoredSlice; bytes: Buffer }[];
}

/** Plans and reads everything into memory. */
export async function carry(items: AsyncIterable<Plannable>, dirs: RootDirs, mayChange = false): Promise<Carried> {
  const runs: RunPlan[] = [];
  const options = { mayChange, packBytes: 1024 * 1024, limits: { fewestPacks: 1, mostPacks: 2 } };
  await eachRun(planRuns(items, options), (run) => {
    runs.push(run);
  });
  const slices = runs.flatMap((run) => run.packs.flatMap((pack) => pack.slices));
  return { runs, entries: runs.flatMap((run) => run.entries), stored: slices.map((slice) => readOne(slice, dirs)) };
}

/** What a pack keeps of a slice. */
export function readOne(slice: Slice, dirs: RootDirs): { slice: StoredSlice; bytes: Buffer } {
  const reader = openSlice(slice, dirs);
  const parts: Buffer[] = [];
  const buffer = Buffer.alloc(readBytes);
  for (let count = reader.read(buffer); count > 0; count = reader.read(buffer)) {
    parts.push(Buffer.from(buffer.subarray(0, count)));
  }
  const bytes = Buffer.concat(parts);
  const { root, path, offset } = slice;
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const ending = reader.finish();
  return { slice: { root, path, offset, length: bytes.length, at: 0, sha256, crc32c: 0, ...ending }, bytes };
}

/** Places and finishes; returns the warnings and how many slices had to be written. */
export async function place(
  { entries, stored }: Carried,
  dirs: RootDirs,
  options: FinishOptions = {},
): Promise<{ warnings: string[]; written: number }> {
  const sizes = new StoredSizes();
  sizes.add(stored.map(({ slice }) => slice));
  await prepareTree(entries, dirs);
  const placer = openPlacer(dirs);
  let written = 0;
  for (const { slice, bytes } of stored) {
    if (options.over && placer.holds(slice)) continue;
    const sink = placer.open(slice);
    for (let at = 0; at < bytes.length; at += 700_000) sink.write(bytes.subarray(at, at + 700_000), at);
    sink.finish();
    written += 1;
  }
  placer.close();
  return { warnings: await finishTree(() => entries, dirs, { sizes, ...options }), written };
}
