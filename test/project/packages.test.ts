/** What we depend on, and how exactly it is pinned. */
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { exists, read, readJson, trackedFiles } from './tree';

interface Manifest {
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  devDependencies: Record<string, string>;
}
interface Lock {
  packages: Record<string, { version: string; resolved?: string; integrity?: string; link?: boolean }>;
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

test('the lock file names no host and has a checksum for every package', () => {
  const packages = Object.entries(lock.packages).filter(([place]) => place !== '');
  expect(packages.filter(([, one]) => one.resolved !== undefined).map(([place]) => place)).toEqual([]);
  expect(packages.filter(([, one]) => !one.integrity && !one.link).map(([place]) => place)).toEqual([]);
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
