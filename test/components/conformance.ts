/**
 * What every component must do, proved on a real source: its plan can be repeated, its slices hold everything, and placed
 * elsewhere it is the same tree, looked at with `find` and not with our own eyes.
 */
import fs from 'node:fs';
import path from 'node:path';
import type { SourceTrees } from '../../components/component';
import { rootDirs } from '../../components/tree/read';
import type { Plannable } from '../../domain/plan-runs';
import { showPath } from '../../domain/tree';
import { lookAtTree } from './tree/look';
import { type Carried, carry, place } from './tree/round-trip';
import { removeFolder, temporaryFolder } from './tree/sample';

export interface Subject {
  source: SourceTrees;
  /** Where each tree of the source lies. */
  paths: Record<string, string>;
  /** Whether all of it is to come back; false where the component leaves out what is not needed. */
  complete: boolean;
  /** A file of the source (root, path) that may be removed: at least two slices of 1 MiB long. */
  large: { root: string; path: string };
  close(): Promise<void>;
}

export function conformance(name: string, open: (folder: string) => Promise<Subject>): void {
  describe(`the component ${name}`, () => {
    let folder: string;
    let subject: Subject;
    let carried: Carried;
    beforeAll(async () => {
      folder = temporaryFolder();
      fs.chmodSync(folder, 0o755);
      subject = await open(folder);
      carried = await carry(subject.source.entries(), subject.source.dirs, subject.source.mayChange);
    });
    afterAll(async () => {
      await subject.close();
      removeFolder(folder);
    });

    const targetPaths = (target: string): Record<string, string> =>
      Object.fromEntries(Object.keys(subject.paths).map((root) => [root, path.join(folder, target, root)]));

    function expectSame(targets: Record<string, string>): void {
      for (const [root, from] of Object.entries(subject.paths)) {
        const placed = lookAtTree(String(targets[root]));
        const there = lookAtTree(from);
        const expected = subject.complete ? there : there.filter((line) => placed.includes(line));
        expect(placed).toEqual(expected);
        expect(placed.length).toBeGreaterThan(0);
      }
    }

    test('plans the same twice', async () => {
      const list = async (items: AsyncIterable<Plannable>) => {
        const all: Plannable[] = [];
        for await (const item of items) all.push(item);
        return all;
      };
      expect(await list(subject.source.entries())).toEqual(await list(subject.source.entries()));
    });

    test('plans for the trees that it names, and says about how much there is', () => {
      expect(Object.keys(subject.source.dirs).toSorted()).toEqual(Object.keys(subject.paths).toSorted());
      for (const entry of carried.entries) expect(subject.paths).toHaveProperty([entry.root]);
      const bytes = carried.stored.reduce((sum, one) => sum + one.bytes.length, 0);
      expect(subject.source.expectedBytes ?? bytes).toBeGreaterThanOrEqual(bytes);
    });

    test('reads every slice whole from a source that holds still', () => {
      const notOk = carried.stored.filter(({ slice }) => slice.outcome !== 'ok' || slice.badBlocks !== undefined);
      expect(notOk.map(({ slice }) => [showPath(slice.path), slice.outcome])).toEqual([]);
    });

    test('comes back the same elsewhere', async () => {
      const targets = targetPaths('elsewhere');
      const { warnings } = await place(carried, rootDirs(targets));
      expect(warnings).toEqual([]);
      expectSame(targets);
    });

    test('comes back the same when placing is cut in the middle and begun again', async () => {
      const targets = targetPaths('again');
      const half = carried.stored.slice(0, Math.ceil(carried.stored.length / 2));
      await place({ ...carried, stored: half }, rootDirs(targets));
      await place(carried, rootDirs(targets));
      expectSame(targets);
    });

    test('tells of a file that shrinks or vanishes after it was planned, and places what is left', async () => {
      const { root, path: relative } = subject.large;
      const file = path.join(String(subject.paths[root]), relative);
      const isLarge = (one: { root: string; path: unknown }) => one.root === root && one.path === relative;
      const outcomes = async (target: string) => {
        const { stored } = await carry(replay(carried), subject.source.dirs, subject.source.mayChange);
        await place({ ...carried, stored }, rootDirs(targetPaths(target)));
        const placed = path.join(folder, target, root, relative);
        const size = fs.lstatSync(placed, { throwIfNoEntry: false })?.size;
        return { size, outcomes: stored.filter(({ slice }) => isLarge(slice)).map(({ slice }) => slice.outcome) };
      };
      fs.truncateSync(file, 1024 * 1024 + 8192);
      const shrunk = await outcomes('shrunk');
      expect(shrunk.size).toBe(1024 * 1024 + 8192);
      expect(shrunk.outcomes).toContain('shrunk');
      fs.rmSync(file);
      const gone = await outcomes('gone');
      expect(gone.size).toBeUndefined();
      expect(new Set(gone.outcomes)).toEqual(new Set(['vanished']));
    });
  });
}

/** The entries as they were planned, with how they are to be read. */
async function* replay({ entries, runs }: Carried): AsyncGenerator<Plannable> {
  const slices = runs.flatMap((run) => run.packs.flatMap((pack) => pack.slices));
  const checks = new Map(slices.map((slice) => [`${slice.root}\0${showPath(slice.path)}`, slice.check]));
  for (const entry of entries) {
    const check = checks.get(`${entry.root}\0${showPath(entry.path)}`);
    yield check === undefined ? { entry } : { entry, check };
  }
}
