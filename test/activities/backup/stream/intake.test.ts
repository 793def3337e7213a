/** Files of a stream into packs and runs: cut, bounded, put together again. The store and the threads are not needed for that. */
import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { type FullPack, Intake } from '../../../../activities/backup/stream/intake';
import { Runs } from '../../../../activities/backup/stream/runs';
import { Slots } from '../../../../activities/in-lanes';
import { PackBuffers } from '../../../../activities/threads/buffers';
import { packBytes, type RunIndex, type StoredPack } from '../../../../domain/pack';
import type { TreeEntry } from '../../../../domain/tree';

const mib = 1024 * 1024;

interface Stored {
  pack: number;
  slices: { path: string; offset: number; length: number; bytes: Buffer }[];
}

function stage({ slots = 2, packsPerRun = 4, work = async (_: FullPack): Promise<void> => undefined } = {}) {
  const stored: Stored[] = [];
  const indexes: Omit<RunIndex, 'generation'>[] = [];
  const places = new Slots(slots);
  const buffers = new PackBuffers(packBytes, 4);
  const runs = new Runs(packsPerRun, async (index) => {
    indexes.push(index);
  });
  const store = async (full: FullPack): Promise<StoredPack> => {
    let at = 0;
    const { pack, slices } = full.planned;
    const held = slices.map(({ path, offset, length }) => {
      const bytes = Buffer.from(Buffer.from(full.memory, at, length));
      at += length;
      return { path: String(path), offset, length, bytes };
    });
    await work(full);
    stored.push({ pack, slices: held });
    const sums = { storedBytes: 1, sha256: '', bytes: at, contentMac: '' };
    return { pack, object: `packs/${pack}`, ...sums, slices: [] };
  };
  const intake = new Intake({ first: 7, slots: [places], buffers, runs, store });
  return { intake, runs, stored, indexes, places };
}

function file(path: string, size: number): TreeEntry {
  const stamp = { size, ino: '0', mtimeNs: '1', ctimeNs: '1' };
  return { root: 'data', path, type: 'file', mode: 0o600, uid: 1, gid: 1, ...stamp };
}

/** In parts that end anywhere. */
async function* parts(bytes: Buffer, size = 300_007): AsyncGenerator<Buffer> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

type Contents = Record<string, Buffer>;

async function takeAll(intake: Intake, contents: Contents): Promise<void> {
  for (const [name, bytes] of Object.entries(contents)) await intake.take(file(name, bytes.length), parts(bytes));
  await intake.end();
}

function together(stored: Stored[], sizes: Record<string, number>): Contents {
  const whole = Object.fromEntries(Object.entries(sizes).map(([name, size]) => [name, Buffer.alloc(size)]));
  for (const { path, offset, bytes } of stored.flatMap(({ slices }) => slices)) {
    whole[path]?.set(bytes, offset);
  }
  return whole;
}

const cuts = (stored: Stored[]) =>
  stored.map(({ slices }) => slices.map(({ path, offset, length }) => `${path} ${offset}+${length}`).join());

test('every byte of every file is in one pack, no pack is above its limit, and the runs hold every entry once', async () => {
  const contents: Contents = {
    empty: Buffer.alloc(0),
    small: randomBytes(100),
    exact: randomBytes(packBytes),
    large: randomBytes(packBytes + 5 * mib + 3),
    after: randomBytes(2 * mib),
  };
  const { intake, runs, stored, indexes } = stage();
  await takeAll(intake, contents);
  const whole = together(
    stored,
    Object.fromEntries(Object.entries(contents).map(([name, { length }]) => [name, length])),
  );
  for (const [name, bytes] of Object.entries(contents))
    expect([name, whole[name]?.equals(bytes)]).toEqual([name, true]);
  for (const { slices } of stored)
    expect(slices.reduce((sum, one) => sum + one.length, 0)).toBeLessThanOrEqual(packBytes);
  expect(indexes.flatMap((one) => one.entries.map(({ path }) => path))).toEqual(Object.keys(contents));
  const packs = indexes.flatMap((one) => one.packs.map(({ pack }) => pack));
  expect(packs).toEqual(packs.map((_, at) => 7 + at));
  expect(indexes.map(({ run }) => run)).toEqual(indexes.map((_, at) => at));
  expect(runs.count).toBe(indexes.length);
  expect(runs.outcome).toMatchObject({
    packs: packs.length,
    bytes: stored.flatMap(({ slices }) => slices).reduce((sum, one) => sum + one.length, 0),
  });
});

test('a file that grew changes its own packs and none behind the next anchor', async () => {
  const contents = (grown: number): Contents => ({
    first: randomBytes(3 * mib + grown),
    large: Buffer.alloc(packBytes + 2 * mib, 1),
    tail: Buffer.alloc(mib, 2),
    anchored: Buffer.alloc(packBytes / 2, 3),
    last: Buffer.alloc(mib, 4),
  });
  const [before, after] = [stage(), stage()];
  await takeAll(before.intake, contents(0));
  await takeAll(after.intake, contents(8192));
  expect(cuts(after.stored).slice(1)).toEqual(cuts(before.stored).slice(1));
  expect(cuts(after.stored)[0]).not.toEqual(cuts(before.stored)[0]);
});

test('where the store is slow the stream waits: no more packs are in memory than there are slots', async () => {
  let [inWork, most] = [0, 0];
  const work = async () => {
    most = Math.max(most, ++inWork);
    await sleep(20);
    inWork--;
  };
  const { intake } = stage({ slots: 2, work });
  await takeAll(intake, { large: Buffer.alloc(6 * packBytes) });
  expect(most).toBe(2);
});

test('a pack that cannot be stored ends it, and every slot is given back', async () => {
  const work = ({ planned }: FullPack) =>
    planned.pack === 8 ? Promise.reject(new Error('store is full')) : Promise.resolve();
  const { intake, indexes, places } = stage({ work, packsPerRun: 1 });
  await expect(takeAll(intake, { large: Buffer.alloc(6 * packBytes) })).rejects.toThrow('store is full');
  await intake.abandon();
  const held = await Promise.all([places.take(), places.take()]);
  expect(held).toHaveLength(2);
  expect(indexes.map(({ run }) => run)).toEqual([0]);
});
