import { parseConfig } from '../../../domain/config/parse';
import { retentionDaysOf } from '../../../domain/config/retention-days';
import { isHoldfastError } from '../../../domain/errors';
import { least } from './design-example';

const load = (text: string, environment: Record<string, string> = {}) =>
  parseConfig(text, '/c/holdfast.yaml', environment);

test('without stores and environment there is one directory, and what was filled is told', () => {
  const { config, filled } = load(least);
  expect(config.stores).toEqual({ local: { kind: 'dir', path: '/var/lib/erlmcp/backups' } });
  expect(filled).toContainEqual({ setting: 'stores.local.path', value: '/var/lib/erlmcp/backups', source: 'default' });
  expect(config).toMatchObject({ retentionDays: 30, upload: true });
  expect(config.encryption).toBeUndefined();
});

test('the environment fills what the file leaves open', () => {
  const { config, filled } = load(least, {
    BACKUP_ROOT: '/srv/b',
    BACKUP_RETENTION_DAYS: '7',
    S3_BUCKET: 'far-away',
    S3_REGION: 'eu-central-1',
    UPLOAD_ENABLED: 'false',
    ENCRYPT_KEY_FILE: '/k/master.key',
  });
  expect(config).toMatchObject({
    stores: {
      local: { kind: 'dir', path: '/srv/b' },
      remote: { kind: 's3', bucket: 'far-away', region: 'eu-central-1' },
    },
    retentionDays: 7,
    upload: false,
    encryption: { keyFile: '/k/master.key' },
  });
  expect(filled.map(({ variable }) => variable).sort()).toEqual([
    'BACKUP_RETENTION_DAYS',
    'BACKUP_ROOT',
    'ENCRYPT_KEY_FILE',
    'S3_BUCKET',
    'S3_REGION',
    'UPLOAD_ENABLED',
  ]);
});

test('what the file says wins over the environment', () => {
  const text = `${least}stores: { s: { kind: s3, bucket: near-by, region: us-west-2 } }\nencryption: { keyFile: /mine }\n`;
  const { config } = load(text, {
    BACKUP_ROOT: '/x',
    S3_BUCKET: 'other',
    S3_REGION: 'eu-west-1',
    ENCRYPT_KEY_FILE: '/theirs',
  });
  expect(config.stores).toMatchObject({ s: { kind: 's3', bucket: 'near-by', region: 'us-west-2' } });
  expect(config.encryption).toEqual({ keyFile: '/mine' });
});

test('a bucket that nobody names is a problem', () => {
  const refused = (): unknown => load(`${least}stores: { s: { kind: s3 } }\n`);
  expect(refused).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  expect(load(`${least}stores: { s: { kind: s3 } }\n`, { S3_BUCKET: 'bbb' }).config.stores.s).toMatchObject({
    kind: 's3',
    bucket: 'bbb',
    region: 'us-east-1',
  });
});

test('environment variables that make no sense are refused by name', () => {
  let hints: string[] = [];
  try {
    load(least, { BACKUP_RETENTION_DAYS: 'many', UPLOAD_ENABLED: 'perhaps' });
  } catch (error) {
    if (isHoldfastError(error)) hints = error.hints;
  }
  expect(hints).toEqual([
    expect.stringContaining('BACKUP_RETENTION_DAYS: expected a number of days'),
    expect.stringContaining('UPLOAD_ENABLED: expected true or false'),
  ]);
});

test('missing encryption is a warning, not a refusal', () => {
  expect(load(least).warnings).toEqual([expect.stringContaining('no encryption')]);
  expect(load(`${least}encryption: { keyFile: k }\n`).warnings).toEqual([]);
});

const withDatabase = (wal: string) =>
  `${least}encryption: { keyFile: k }\n`.replace(
    'kind: files, paths: [data]',
    `kind: postgres, connection: "host=h", dataDir: /d, wal: ${wal}`,
  );

test('a setting that changes nothing in the chosen mode is said, by its path', () => {
  const warnings = (wal: string) => load(withDatabase(wal)).warnings;
  expect(warnings('{ mode: sync, interval: 1s, retries: 5 }')).toEqual([
    expect.stringMatching(/^sites.*wal\.interval has no effect in mode sync: it belongs to async$/),
  ]);
  expect(warnings('{ syncThreshold: 1s }')).toEqual([
    expect.stringMatching(/wal\.syncThreshold has no effect in mode async/),
  ]);
  expect(warnings('{ mode: hybrid, syncThreshold: 1s, bandwidthLimit: 100Mbps }')).toEqual([]);
});

test('what belongs to the receiver is said to change nothing where the server pushes its WAL', () => {
  const { warnings, config } = load(
    withDatabase('{ source: command, to: [a, b], quorum: 1, retries: 5 }').replace(
      'encryption',
      'stores: { a: { kind: dir, path: /a }, b: { kind: dir, path: /b } }\nencryption',
    ),
  );
  expect(warnings).toEqual([
    expect.stringMatching(/wal\.quorum has no effect with source command: it belongs to slot$/),
    expect.stringMatching(/wal\.retries has no effect with source command/),
  ]);
  expect(JSON.stringify(config.sites)).toContain('"quorum":2');
  expect(() => load(withDatabase('{ source: command, mode: sync }'))).toThrow(
    expect.objectContaining({ code: 'config_invalid' }),
  );
});

test('a quorum is all stores unless it is named, and never more than there are', () => {
  const walOf = (text: string) => {
    const component = load(text).config.sites.dc01?.components.files;
    return component?.kind === 'postgres' ? component.wal : undefined;
  };
  const two = 'stores: { a: { kind: dir, path: /a }, b: { kind: dir, path: /b } }\n';
  expect(walOf(withDatabase('{ to: [a, b] }') + two)).toMatchObject({ to: ['a', 'b'], quorum: 2 });
  expect(walOf(withDatabase('{ quorum: 1 }') + two)).toMatchObject({ to: ['a', 'b'], quorum: 1 });
  for (const [wal, expected] of [
    ['{ to: [a], quorum: 2 }', /wal\.quorum: expected at most 1, the number of stores/],
    ['{ quorum: 0 }', /wal\.quorum: /],
    ['{ to: [a, a] }', /wal\.to: expected each name once/],
  ] as const) {
    expect(() => load(withDatabase(wal) + two)).toThrow(
      expect.objectContaining({ code: 'config_invalid', hints: [expect.stringMatching(expected)] }),
    );
  }
});

test('a tier without stores goes to all, without keep it keeps the days of the environment', () => {
  const { config } = load(`${least}tiers: { daily: {}, weekly: { keep: { weeks: 12 } } }\n`, {
    BACKUP_RETENTION_DAYS: '9',
  });
  expect(config.tiers.daily).toMatchObject({ to: ['local'], keep: { days: 9 }, type: 'full', verify: 'quick' });
  expect(retentionDaysOf(config, 'weekly')).toBe(84);
  expect(retentionDaysOf(config, 'daily')).toBe(9);
  expect(retentionDaysOf(config, undefined)).toBe(9);
});

test('recovery points: the newest 24, and no longer than until the next is due', () => {
  const tiers =
    'tiers: { a: { type: point, every: 1m }, b: { type: point }, c: { type: point, every: 1m, timeout: 90s } }';
  const { config } = load(`${least}${tiers}\n`);
  const minute = 60_000;
  expect(config.tiers.a).toMatchObject({ every: minute, timeout: minute, keep: { last: 24 } });
  expect(config.tiers.b).toMatchObject({ timeout: 5 * minute });
  expect(config.tiers.c).toMatchObject({ timeout: 1.5 * minute });
  expect(
    load(`${least}tiers: { a: { type: point, keep: { days: 3 } }, b: { timeout: 1m } }\n`).warnings.slice(1),
  ).toEqual(['tiers.a.keep.days has no effect with type point', 'tiers.b.timeout has no effect without type point']);
});

test('a spool without a bound is none at all', () => {
  expect(load(least).config).not.toHaveProperty('spoolBytes');
  expect(load(`${least}restore: { spool: 2GiB }\n`).config).toMatchObject({ spoolBytes: 2 ** 31, restoreOrder: [] });
});

test('what is said of verification and what is not: S3 itself is trusted, other services only by name', () => {
  const stores = `stores: { aws: { kind: s3, bucket: bbb }, own: { kind: s3, bucket: bbb, endpoint: "https://s3.example.com" }, hot: { kind: dir, path: /h } }\n`;
  expect(load(`${least}${stores}`).config.verification).toEqual({
    sample: ['latest', 'random', 'oldest-chain', 'each-store', 'random-time'],
    ...{ level: 'full', stale: 604_800_000, limit: 86_400_000, repair: false },
    ...{ scratch: '/var/tmp', trust: ['aws'] },
  });
  const named = `${least}${stores}verification: { trust: [own], scratch: s, level: test-restore }\n`;
  expect(load(named, { TMPDIR: '/t' }).config.verification).toMatchObject({ trust: ['own'], scratch: '/c/s' });
  expect(load(least, { TMPDIR: '/t' }).config.verification.scratch).toBe('/t');
  for (const [wrong, where] of [
    ['{ trust: [owm] }', /own/],
    ['{ sample: [newest] }', /sample/],
    ['{ stale: 7 }', /stale/],
    ['{ levl: full }', /level/],
  ] as const) {
    expect(() => load(`${least}${stores}verification: ${wrong}\n`)).toThrow(
      expect.objectContaining({ code: 'config_invalid', hints: [expect.stringMatching(where)] }),
    );
  }
});
