/** The rules of the house: small files, folders that say what they guarantee, imports that point one way, nothing of one machine. */
import path from 'node:path';
import { read, sources, trackedFiles } from './tree';

/** What each room may import besides itself. Tests and benchmarks may import everything. */
const allowed: Record<string, string[]> = {
  domain: [],
  repository: ['domain'],
  components: ['domain', 'repository'],
  reports: ['domain'],
  activities: ['components', 'repository', 'reports', 'domain'],
  workflows: ['activities', 'domain'],
  workers: ['workflows', 'activities', 'components', 'repository', 'reports', 'domain'],
  client: ['workers', 'workflows', 'activities', 'components', 'repository', 'reports', 'domain'],
};

/** Text a person reads or writes; recorded histories, lock files and schemas are data. */
const isData = (file: string): boolean => /(^package-lock\.json$|\/histories\/|\.(png|svg|json|html)$)/.test(file);

test('no source or script is longer than 300 lines', () => {
  const long = [...sources(), ...trackedFiles().filter((file) => /\.(mjs|cjs|sh)$/.test(file))]
    .filter((file) => !isData(file))
    .map((file) => [file, read(file).split('\n').length] as const)
    .filter(([, lines]) => lines > 301);
  expect(long).toEqual([]);
});

test('half of the sources have at most a hundred lines', () => {
  const lengths = sources()
    .map((file) => read(file).split('\n').length)
    .sort((a, b) => a - b);
  expect(lengths[Math.floor(lengths.length / 2)]).toBeLessThanOrEqual(100);
});

test('each folder of sources opens with a statement of what it is for', () => {
  const folders = new Map<string, boolean>();
  for (const file of sources().filter((one) => !one.startsWith('test/'))) {
    const folder = path.dirname(file);
    folders.set(folder, (folders.get(folder) ?? false) || /^(#!.*\n)?\/\*\*/.test(read(file)));
  }
  expect([...folders].filter(([, stated]) => !stated).map(([folder]) => folder)).toEqual([]);
});

test('no file is named for a drawer of odds and ends', () => {
  const drawers = /(^|\/)(utils?|helpers?|misc|common|shared|stuff)(\.|\/)/;
  expect([...sources(), ...trackedFiles()].filter((file) => drawers.test(file))).toEqual([]);
});

test('imports point one way', () => {
  const wrong = imports().filter(
    ([from, to]) => allowed[from.room] && from.room !== to && !allowed[from.room]?.includes(to),
  );
  expect(wrong.map(([from, to]) => `${from.file} imports ${to}`)).toEqual([]);
});

test('workflows import nothing but types from activities', () => {
  const wrong = imports().filter(([from, to]) => from.room === 'workflows' && to === 'activities' && !from.typesOnly);
  expect(wrong.map(([from]) => from.file)).toEqual([]);
});

test('no rule of the linter is silenced without a reason', () => {
  const silenced = sources().filter((file) =>
    /biome-ignore [^:\n]+(\n|:\s*(<|$))|@ts-(ignore|nocheck)|@ts-expect-error\s*$/m.test(read(file)),
  );
  expect(silenced.filter((file) => file !== 'test/project/house.test.ts')).toEqual([]);
});

test('tracked files name no path of one machine and no package registry', () => {
  // Assembled, so that this file does not name them either.
  const registries = ['registry npmjs', 'registry yarnpkg', 'files pythonhosted', 'proxy golang'].map((name) =>
    name.replace(' ', '[.]'),
  );
  const folders = [
    ['', 'root', ''],
    ['', 'work', 'main'],
    ['', 'home', '[a-z]'],
  ].map((names) => names.join('/'));
  const machine = new RegExp([...folders, ...registries].join('|'));
  const naming = trackedFiles()
    .filter((file) => !/\.(png|ico|gz|bin)$/.test(file))
    .filter((file) => machine.test(read(file)));
  expect(naming).toEqual([]);
});

interface Importer {
  file: string;
  room: string;
  typesOnly: boolean;
}

function imports(): [Importer, string][] {
  return sources().flatMap((file) =>
    [...read(file).matchAll(/^(import|export)( type)?\b[^;'"]*?from ['"](\.[^'"]*)['"]/gm)].map(
      ([, , type, target]): [Importer, string] => [
        { file, room: file.split('/')[0] as string, typesOnly: type !== undefined },
        path.join(path.dirname(file), target as string).split('/')[0] as string,
      ],
    ),
  );
}
