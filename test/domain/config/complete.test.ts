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
  expect(config.stores).toEqual({ s: { kind: 's3', bucket: 'near-by', region: 'us-west-2' } });
  expect(config.encryption).toEqual({ keyFile: '/mine' });
});

test('a bucket that nobody names is a problem', () => {
  const refused = (): unknown => load(`${least}stores: { s: { kind: s3 } }\n`);
  expect(refused).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  expect(load(`${least}stores: { s: { kind: s3 } }\n`, { S3_BUCKET: 'bbb' }).config.stores.s).toEqual({
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

test('a setting that changes nothing in this version is said, by its path', () => {
  const database = 'kind: postgres, connection: "host=h", dataDir: /d, wal: { retries: 5 }';
  const text = `${least}encryption: { keyFile: k }\n`.replace('kind: files, paths: [data]', database);
  expect(load(text).warnings).toEqual([expect.stringMatching(/^sites.*wal\.retries has no effect/)]);
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

test('a spool without a bound is none at all', () => {
  expect(load(least).config).not.toHaveProperty('spoolBytes');
  expect(load(`${least}restore: { spool: 2GiB }\n`).config).toMatchObject({ spoolBytes: 2 ** 31, restoreOrder: [] });
});
