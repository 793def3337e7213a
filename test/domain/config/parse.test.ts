import { dataDirOf } from '../../../domain/config/names';
import { parseConfig } from '../../../domain/config/parse';
import { starterConfig } from '../../../domain/config/starter';
import { isHoldfastError } from '../../../domain/errors';
import { designExample, least } from './design-example';

const file = '/etc/holdfast/holdfast.yaml';
const parse = (text: string, environment = {}) => parseConfig(text, file, environment).config;

/** The hints of a refusal, without the file's name: `LINE: PATH: MESSAGE`. */
function problems(text: string, environment = {}): string[] {
  try {
    parse(text, environment);
  } catch (error) {
    if (!isHoldfastError(error) || error.code !== 'config_invalid') throw error;
    return error.hints.map((hint) => hint.replace(/^\/etc\/holdfast\/holdfast\.yaml:? ?/, ''));
  }
  return [];
}

test('the example of the design means what it says', () => {
  const config = parse(designExample);
  expect(config.temporal).toEqual({ address: 'localhost:7233', namespace: 'default', tls: undefined });
  expect(config.objectives).toEqual({ rpo: 900_000, rto: 1_800_000 });
  expect(config.sites.dc01?.components.database).toEqual({
    kind: 'postgres',
    connection: 'host=/run/postgresql user=postgres',
    method: 'files',
    dataDir: '/var/lib/postgresql/15/main',
    wal: {
      ...{ mode: 'async', to: ['hot', 'warm'], quorum: 2, interval: 500 },
      ...{ retries: 3, retryDelay: 1000, syncThreshold: 100, source: 'slot' },
    },
    probes: [],
  });
  expect(config.stores.warm).toMatchObject({
    kind: 's3',
    bucket: 'erlmcp-backups',
    region: 'us-west-2',
    storageClass: 'STANDARD_IA',
  });
  expect(config.tiers.daily).toMatchObject({ type: 'full', keep: { last: 30, days: 30 }, verify: 'full' });
  expect(config.parallelJobs).toBe(2);
});

test('what config init writes is a right configuration', () => {
  expect(problems(starterConfig)).toEqual([]);
});

test('a configuration survives JSON, so that it may travel', () => {
  const { config } = parseConfig(designExample, file);
  expect(JSON.parse(JSON.stringify(config))).toEqual(JSON.parse(JSON.stringify({ ...config })));
  expect(JSON.stringify(config)).not.toContain('null');
});

test('relative paths are meant from the configuration file', () => {
  const text = `${least}stores: { here: { kind: dir, path: backups } }\nencryption: { keyFile: ../master.key }\n`;
  const config = parse(text);
  expect(config.stores.here).toEqual({ kind: 'dir', path: '/etc/holdfast/backups' });
  expect(config.encryption).toEqual({ keyFile: '/etc/master.key' });
  expect(config.sites.dc01?.components.files).toMatchObject({ paths: ['/etc/holdfast/data'] });
});

test('a database that is read over its connection needs no data directory on this host', () => {
  const text = (more: string) =>
    `system: a\nsites: { dc01: { components: { db: { kind: postgres, connection: host=db1, method: stream${more} } } } }\n`;
  expect(parse(text('')).sites.dc01?.components.db).toMatchObject({ method: 'stream' });
  expect(() => dataDirOf(parse(text('')), 'dc01', 'db')).toThrow(
    expect.objectContaining({ code: 'usage', hints: expect.arrayContaining([expect.stringContaining('--to')]) }),
  );
  expect(dataDirOf(parse(text(', dataDir: pg')), 'dc01', 'db')).toBe('/etc/holdfast/pg');
});

const within = (line: string) => `${least}${line}\n`;

test.each([
  [
    'an unknown key, with the nearest',
    within('encrypton: { keyFile: a }'),
    ['3: encrypton: unknown key; did you mean "encryption"?'],
  ],
  [
    'an unknown key that is near to none, with all that are known',
    within('objectives: { speed: 1 }'),
    ['3: objectives.speed: unknown key; expected one of rpo, rto'],
  ],
  [
    'an unknown key of a component, judged by its kind',
    'system: a\nsites:\n  dc01:\n    components:\n      db:\n        kind: postgres\n        connection: host=a\n        datadir: /a\n',
    [
      '5: sites.dc01.components.db.dataDir: missing: expected the path of the data directory, or `method: stream` where it is on another host',
      '8: sites.dc01.components.db.datadir: unknown key; did you mean "dataDir"?',
    ],
  ],
  [
    'an unknown kind',
    within('stores: { a: { kind: s4, bucket: x } }'),
    ['3: stores.a.kind: expected one of "dir", "s3", found "s4"; did you mean "s3"?'],
  ],
  ['a missing kind', within('stores: { a: { path: /x } }'), ['3: stores.a.kind: missing: expected one of "dir", "s3"']],
  [
    'a bad duration',
    within('objectives:\n  rpo: 15 minutes\n  rto: 15'),
    [
      '4: objectives.rpo: expected a duration such as 500ms, 15m or 1h30m',
      '5: objectives.rto: expected a duration such as 500ms, 15m or 1h30m',
    ],
  ],
  [
    'an objective of a component that is none',
    'system: a\nsites:\n  b:\n    components:\n      c: { kind: files, paths: [/x], objectives: { rto: 1d, rpx: 1h } }\n',
    ['5: sites.b.components.c.objectives.rpx: unknown key; did you mean "rpo"?'],
  ],
  [
    'addresses of metrics that nothing can listen at',
    within('metrics: { address: "9464" }'),
    ['3: metrics.address: expected host:port, for example 127.0.0.1:9464'],
  ],
  [
    'a port of metrics that there is not',
    within('metrics: { address: "localhost:70000" }'),
    ['3: metrics.address: expected host:port, for example 127.0.0.1:9464'],
  ],
  ['a number as text', within('parallelJobs: "2"'), ['3: parallelJobs: expected a number, found text']],
  ['a number too small', within('parallelJobs: 0'), ['3: parallelJobs: expected at least 1']],
  [
    'text instead of a list',
    'system: a\nsites: { b: { components: { c: { kind: files, paths: /x } } } }',
    ['2: sites.b.components.c.paths: expected a list, found text'],
  ],
  [
    'a store that is not there, in a tier',
    within('stores: { local: { kind: dir, path: /b } }\ntiers:\n  daily:\n    to:\n      - local\n      - locla'),
    ['8: tiers.daily.to[1]: expected "local", found "locla"'],
  ],
  [
    'a component that is not there, in the restore order',
    within('restore: { order: [file] }'),
    ['3: restore.order[0]: expected "files", found "file"; did you mean "files"?'],
  ],
  [
    'a spool that is no size',
    within('restore: { spool: much }'),
    ['3: restore.spool: expected a size such as 64MiB or 10GB'],
  ],
  [
    'a spool that holds next to nothing',
    within('restore: { spool: 1MiB }'),
    ['3: restore.spool: expected at least 64MiB'],
  ],
  [
    'an inlined key',
    within(`stores: { s: { kind: s3, bucket: bbb, accessKeyId: AKIAX, secretAccessKey: "\${env:K}" } }`),
    [
      `3: stores.s.accessKeyId: expected a reference to a secret, \${env:NAME} or \${file:PATH}, never the secret itself`,
    ],
  ],
  [
    'half of the credentials',
    within(`stores: { s: { kind: s3, bucket: bbb, secretAccessKey: "\${env:K}" } }`),
    ['3: stores.s: missing accessKeyId: expected both accessKeyId and secretAccessKey, or neither'],
  ],
  [
    'both kinds of key',
    within('encryption: { keyFile: a, kms: b }'),
    ['3: encryption: expected either keyFile or kms'],
  ],
  [
    'a name that cannot be one',
    within('stores: { "a b": { kind: dir, path: /x } }'),
    ['3: stores.a b: expected a name of letters, digits, hyphens and underscores'],
  ],
  [
    'the name all',
    'system: a\nsites: { all: { components: {} } }',
    ['2: sites.all: "all" is a word of the command line and cannot be a name'],
  ],
  [
    'an empty file',
    '',
    ['system: missing: expected text (begins the id of every backup)', 'sites: missing: expected a map of names'],
  ],
  [
    'a schedule of four fields',
    within('tiers: { daily: { schedule: "0 2 * *" } }'),
    ['3: tiers.daily.schedule: expected a cron schedule of five fields, for example "0 2 * * *"'],
  ],
  [
    'a schedule and a pace',
    within('tiers: { daily: { schedule: "0 2 * * *", every: 5m } }'),
    ['3: tiers.daily.every: expected either schedule or every'],
  ],
  [
    'a recovery point by a schedule',
    within('tiers: { points: { type: point, schedule: "*/5 * * * *" } }'),
    ['3: tiers.points.schedule: expected every, for example 5m: a recovery point is made at a pace'],
  ],
  [
    'a pace that nothing could keep',
    within('tiers: { points: { type: point, every: 100ms } }'),
    ['3: tiers.points.every: expected at least 10s'],
  ],
  [
    'a type of tier that is none',
    within('tiers: { points: { type: points } }'),
    [
      '3: tiers.points.type: expected one of "full", "differential", "incremental", "point", found "points"; did you mean "point"?',
    ],
  ],
  [
    'a rule of retention that is none',
    within('tiers: { daily: { keep: { dayly: 3, last: 0 } } }'),
    ['3: tiers.daily.keep.last: expected at least 1', '3: tiers.daily.keep.dayly: unknown key; did you mean "daily"?'],
  ],
  [
    'other rules for a store that is not there',
    within('stores: { local: { kind: dir, path: /b } }\ntiers: { daily: { keep: { stores: { loca: { days: 3 } } } } }'),
    ['4: tiers.daily.keep.stores.loca: expected "local", found "loca"; did you mean "local"?'],
  ],
  [
    'a strategy, a class and safeguards that are none',
    within(
      'tiers: { d: { strategy: fifi, retentionClass: std } }\nretention: { minimum: 0, coolof: 1h, listingShare: 2 }',
    ),
    [
      '3: tiers.d.strategy: expected one of "fifo", "growing", "tiered", found "fifi"; did you mean "fifo"?',
      '3: tiers.d.retentionClass: expected one of "standard", "compliance", found "std"',
      '4: retention.minimum: expected at least 1',
      '4: retention.listingShare: expected at most 1',
      '4: retention.coolof: unknown key; did you mean "coolOff"?',
    ],
  ],
  [
    'a type of tls that is none',
    within('temporal: { address: "a:1", tls: 3 }'),
    ['3: temporal.tls: expected true or false or a map of keys, found the number 3'],
  ],
  [
    'an unknown key deep in tls',
    within('temporal: { address: "a:1", tls: { cacert: x } }'),
    ['3: temporal.tls.cacert: unknown key; did you mean "cert"?'],
  ],
  ['a key given twice', 'system: a\nsystem: b\n', ['2: map keys must be unique']],
])('refused: %s', (_, text, expected) => {
  expect(problems(text)).toEqual(expected);
});

test('every problem is told at once, in order of lines', () => {
  const text =
    'systm: a\nsites: { dc01: { components: {} } }\nstores: { a: { kind: dir, pth: /x } }\nobjectives: { rpo: x }\n';
  expect(problems(text)).toEqual([
    '1: system: missing: expected text (begins the id of every backup)',
    '1: systm: unknown key; did you mean "system"?',
    '3: stores.a.pth: unknown key; did you mean "path"?',
    '4: objectives.rpo: expected a duration such as 500ms, 15m or 1h30m',
  ]);
});

test('the error counts the problems and points to the first', () => {
  expect(() => parse('systm: a\nsites: {}\n')).toThrow(
    expect.objectContaining({ message: 'the configuration has 3 problems', where: `${file}:1`, exitCode: 2 }),
  );
});

const secret = 'hunter2';
test.each([
  ['host=a password=hunter2'],
  ["host=a password='hunter2' dbname=b"],
  ['postgres://me:hunter2@host/db'],
  ['postgresql://host/db?user=me&password=hunter2'],
])('a password in the connection is refused and not repeated: %s', (connection) => {
  const text = `system: a\nsites: { s: { components: { d: { kind: postgres, connection: "${connection}", dataDir: /d } } } }\n`;
  const found = problems(text);
  expect(found).toEqual([expect.stringContaining('expected the password as a reference')]);
  expect(found.join()).not.toContain(secret);
});

test.each([
  [`host=a password=\${env:PGPASS} dbname=b`],
  [`postgres://me:\${file:/run/secrets/pg}@host/db`],
  ['postgres://me@host:5432/db'],
  ['host=a dbname=password'],
])('a connection without an inlined password is right: %s', (connection) => {
  const text = `system: a\nsites: { s: { components: { d: { kind: postgres, connection: "${connection}", dataDir: /d } } } }\n`;
  expect(problems(text)).toEqual([]);
});
