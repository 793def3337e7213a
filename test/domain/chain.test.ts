/** A model of chains: files that change at random from backup to backup, and what `chainPlacing` brings back of them. */
import { type Extent, lengthOf } from '../../domain/blocks';
import { type ChainPlacing, chainPlacing } from '../../domain/chain-placing';
import { ChainState } from '../../domain/chain-state';
import { lackingFiles } from '../../domain/chain-whole';
import type { RunIndex } from '../../domain/pack';
import type { StoredSlice, TreeEntry } from '../../domain/tree';

const block = 4;

/** Numbers that are the same for the same seed. */
function random(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (state * 1103515245 + 12345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * limit);
  };
}

type Files = Map<string, string>;

interface Link {
  index: RunIndex;
  /** Bytes of each slice, in its order. */
  stored: string[];
}

function changed(files: Files, next: (limit: number) => number): Files {
  const after = new Map(files);
  for (const name of ['a', 'b', 'c']) {
    const text = after.get(name) ?? '';
    const letter = String.fromCharCode(97 + next(26));
    const place = next(text.length + 1);
    const ways = [
      () => after.set(name, `${text.slice(0, place)}${letter.repeat(3)}${text.slice(place + 3)}`),
      () => after.set(name, text.slice(0, place)),
      () => after.set(name, text + letter.repeat(next(20))),
      () => after.delete(name),
      () => after.set(name, `${text.slice(0, place)}${letter.repeat(text.length)}`),
      () => undefined,
    ];
    ways[next(ways.length)]?.();
  }
  return after;
}

/** Stores what differs, block by block, as a backup does. */
function backUp(before: Files | undefined, files: Files): Link {
  const entries: TreeEntry[] = [];
  const slices: StoredSlice[] = [];
  const stored: string[] = [];
  for (const [path, text] of files) {
    const known = before?.get(path);
    const entry = { root: 'r', path, type: 'file', size: text.length, mode: 0, uid: 0, gid: 0 };
    const stamp = { ino: '1', mtimeNs: '1', ctimeNs: '1' };
    entries.push({ ...entry, ...stamp, ...(known === undefined ? {} : { inherits: true }) } as TreeEntry);
    const extents: Extent[] = [];
    for (let at = 0; at < text.length; at += block) {
      const bytes = text.slice(at, at + block);
      if (known === undefined || known.slice(at, at + block) !== bytes)
        extents.push({ offset: at, length: bytes.length });
    }
    const common = { root: 'r', path, offset: 0, at: 0, sha256: '', crc32c: 0, outcome: 'ok' } as const;
    slices.push({ ...common, length: lengthOf(extents), extents, span: text.length });
    stored.push(extents.map(({ offset, length }) => text.slice(offset, offset + length)).join(''));
  }
  const pack = { pack: 0, object: '', storedBytes: 0, sha256: '', bytes: 0, contentMac: '', slices };
  return { index: { run: 0, generation: 1, entries, packs: [pack] }, stored };
}

/** Puts together what is placed; a byte that two slices would place is a mistake. */
function place(links: Link[], state: ChainState, placing: ChainPlacing): Files {
  const files = new Map([...state.all()].map(({ entry, size }) => [String(entry.path), Array<string>(size).fill('?')]));
  for (const [number, { index, stored }] of links.entries()) {
    for (const [at, slice] of (index.packs[0]?.slices ?? []).entries()) {
      const part = placing.get(number)?.get(0)?.[0]?.[at];
      if (part === undefined) continue;
      let passed = 0;
      for (const { offset, length } of slice.extents ?? []) {
        for (let byte = offset; byte < offset + length; byte++) {
          const wanted = part === null || part.some((one) => byte >= one.offset && byte < one.offset + one.length);
          if (!wanted) continue;
          const file = files.get(String(slice.path)) as string[];
          expect(file[byte]).toBe('?');
          file[byte] = (stored[at] as string)[passed + byte - offset] as string;
        }
        passed += length;
      }
    }
  }
  return new Map([...files].map(([path, bytes]) => [path, bytes.join('')]));
}

test('every byte of every generation comes back, from exactly one place', async () => {
  for (let seed = 1; seed <= 150; seed++) {
    const next = random(seed);
    let files: Files = changed(new Map(), next);
    const links = [backUp(undefined, files)];
    const state = new ChainState();
    await state.add([(links[0] as Link).index]);
    for (let generation = 1; generation < 12; generation++) {
      const after = changed(files, next);
      const link = backUp(files, after);
      links.push(link);
      files = after;
      await state.add([link.index]);
      expect(place(links, state, chainPlacing(state.all()))).toEqual(files);
      expect([...lackingFiles(state.all())]).toEqual([]);
    }
  }
});

test('a stretch that no generation holds any more is named, and only where it is needed', async () => {
  let missed = 0;
  for (let seed = 1; seed <= 150; seed++) {
    const next = random(seed);
    let files: Files = changed(new Map(), next);
    const links = [backUp(undefined, files)];
    for (let generation = 1; generation < 6; generation++) {
      const after = changed(files, next);
      links.push(backUp(files, after));
      files = after;
    }
    const victim = links[next(links.length - 1)] as Link;
    const { slices = [] } = victim.index.packs[0] ?? {};
    const gone = next(slices.length);
    slices.splice(gone, 1);
    victim.stored.splice(gone, 1);
    const state = new ChainState();
    for (const { index } of links) await state.add([index]);
    const placed = place(links, state, chainPlacing(state.all()));
    const holed = [...placed].filter(([, text]) => text.includes('?')).map(([path]) => path);
    const named = [...lackingFiles(state.all())].map((line) => line.split('"')[1]);
    expect(named.sort()).toEqual(holed.sort());
    missed += holed.length;
  }
  expect(missed).toBeGreaterThan(10);
});

test('what builds on a file that nothing holds is refused', async () => {
  const link = backUp(new Map([['a', 'text']]), new Map([['a', 'text']]));
  await expect(new ChainState().add([link.index])).rejects.toMatchObject({ code: 'invalid_backup', where: 'a' });
});
