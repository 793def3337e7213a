/** What we depend on, and how exactly it is pinned. */
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { exists, read, readJson, trackedFiles } from './tree';

interface Manifest {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}
interface Locked {
  version: string;
  resolved?: string;
  integrity?: string;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optionalDependencies?: Record<string, string>;
}
interface Lock {
  packages: Record<string, Locked>;
}

const manifest = readJson<Manifest>('package.json');
const lock = readJson<Lock>('package-lock.json');
const wanted = { ...manifest.dependencies, ...manifest.devDependencies };

test('every dependency is pinned to one exact version, and the lock file holds that one', () => {
  expect(Object.entries(wanted).filter(([, version]) => !/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))).toEqual([]);
  const other = Object.entries(wanted).filter(
    ([name, version]) => lock.packages[`node_modules/${name}`]?.version !== version,
  );
  expect(other).toEqual([]);
});

test('all parts of the Temporal SDK have one version', () => {
  const versions = Object.entries(wanted).filter(([name]) => name.startsWith('@temporalio/'));
  expect(new Set(versions.map(([, version]) => version)).size).toBe(1);
});

test('the lock file names no host and has a checksum for every package that is installed on Linux x64', () => {
  const packages = Object.entries(lock.packages).filter(([place]) => place !== '');
  expect(packages.filter(([, one]) => one.resolved !== undefined).map(([place]) => place)).toEqual([]);
  // Binaries of other platforms must be listed, else npm 11 refuses the file; they are never fetched here.
  const here = packages.filter(
    ([, one]) => suits(one.os, 'linux') && suits(one.cpu, 'x64') && suits(one.libc, 'glibc'),
  );
  expect(here.length).toBeGreaterThan(300);
  expect(here.filter(([, one]) => !one.integrity).map(([place]) => place)).toEqual([]);
});

test('the lock file lists every optional package, so that every npm accepts it', () => {
  const optional = Object.values(lock.packages).flatMap((one) => Object.keys(one.optionalDependencies ?? {}));
  expect(optional.length).toBeGreaterThan(30);
  expect(optional.filter((name) => !lock.packages[`node_modules/${name}`])).toEqual([]);
});

test('recorded histories can be read: one copy of protobufjs serves every Temporal package', () => {
  expect(() => historyToJSON({ events: [{ eventId: 1 as never }] })).not.toThrow();
});

test('no script of ours runs when somebody installs the packages', () => {
  const hooks = /^(pre|post)?(install|prepare|prepublish)$/;
  expect(Object.keys(manifest.scripts).filter((name) => hooks.test(name))).toEqual([]);
});

test('every npm command that the documents name exists', () => {
  const known = [...Object.keys(manifest.scripts), 'ci', 'install'];
  const named = trackedFiles()
    .filter((file) => file.endsWith('.md'))
    .flatMap((file) =>
      [...read(file).matchAll(/\bnpm (?:run )?(?:-s |--silent )?(?:run )?(?:-s )?([a-z][a-z:-]*)/g)].map(
        (match) => `${file}: ${match[1]}`,
      ),
    );
  expect(named.filter((one) => !known.includes(one.split(': ')[1] as string))).toEqual([]);
});

test('every npm script goes through the bootstrap', () => {
  for (const [name, command] of Object.entries(manifest.scripts)) {
    expect([name, command]).toEqual([name, expect.stringMatching(/^node scripts\/(run|holdfast)\.mjs( [a-z:]+)?$/)]);
  }
  expect(exists('scripts/run.mjs')).toBe(true);
});

function suits(list: string[] | undefined, mine: string): boolean {
  return list === undefined || list.includes(mine);
}
