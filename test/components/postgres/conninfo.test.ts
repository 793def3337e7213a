import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clientConfig, parseConninfo } from '../../../components/postgres/conninfo';

test.each<[string, Record<string, string>]>([
  ['', {}],
  ['host=/run/postgresql user=postgres', { host: '/run/postgresql', user: 'postgres' }],
  ['  host = localhost   port= 5433 ', { host: 'localhost', port: '5433' }],
  ["dbname='my db'", { dbname: 'my db' }],
  [String.raw`password='it\'s \\ here' user=a\ b`, { password: String.raw`it's \ here`, user: 'a b' }],
  ["options='' user=x", { options: '', user: 'x' }],
  ['user= dbname=x', { user: 'dbname=x' }],
  ['postgresql://', {}],
  ['postgres://localhost', { host: 'localhost' }],
  [
    'postgresql://u:p%40ss@h:5444/d?sslmode=require',
    { user: 'u', password: 'p@ss', host: 'h', port: '5444', dbname: 'd', sslmode: 'require' },
  ],
  ['postgresql:///d?host=/var/run/x&port=5434', { dbname: 'd', host: '/var/run/x', port: '5434' }],
  ['postgresql://%2Fvar%2Frun%2Fx/d', { host: '/var/run/x', dbname: 'd' }],
  ['postgresql://u@[2001:db8::1]:5432/d', { user: 'u', host: '2001:db8::1', port: '5432', dbname: 'd' }],
])('%s is read as libpq reads it', (text, expected) => {
  expect(parseConninfo(text)).toEqual(expected);
});

test.each([
  'host',
  "user='x",
  "user='x'y=z",
  'host=a b',
  'postgresql://h/d?x',
  'postgresql://%zz/',
  'nonsense=1',
  'service=s',
])('%s is refused without being repeated', (text) => {
  expect(() => parseConninfo(`password=hunter2 ${text}`.replace(/^.*(?=postgresql:)/, ''))).toThrow(
    expect.objectContaining({ code: 'config_invalid', message: expect.not.stringContaining('hunter2') }),
  );
});

test('what the string leaves out comes from the environment', () => {
  const env = { PGHOST: '/run/pg', PGPORT: '6000', PGUSER: 'u', PGDATABASE: 'd', PGAPPNAME: 'a', PGSSLMODE: 'require' };
  expect(clientConfig('', env)).toMatchObject({
    host: '/run/pg',
    port: 6000,
    user: 'u',
    database: 'd',
    application_name: 'a',
    ssl: false,
  });
  expect(clientConfig('host=h user=v', env)).toMatchObject({
    host: 'h',
    user: 'v',
    database: 'd',
    ssl: { rejectUnauthorized: false },
  });
  expect(clientConfig('host=h user=v', {})).toMatchObject({ database: 'v', port: 5432, ssl: false });
});

test('a password file named in the string is read when the server asks', async () => {
  const dir = mkdtempSync(path.join(tmpdir(), 'hf-pass-'));
  const file = path.join(dir, 'pass');
  writeFileSync(file, '# mine\nother:*:*:*:no\n*:5432:d:u\\:x:se\\:cret\n', { mode: 0o600 });
  const ask = (user: string, mode = '') =>
    clientConfig(`host=h dbname=d user=${user} passfile=${file}${mode}`, {}).password as () => Promise<string>;
  await expect(ask('u:x')()).resolves.toBe('se:cret');
  await expect(ask('nobody')()).rejects.toMatchObject({ code: 'secret_unavailable' });
  await expect(ask('u:x', 'gone')()).rejects.toMatchObject({ code: 'secret_unavailable' });
  rmSync(dir, { recursive: true });
});

test('several hosts, bad ports and unknown TLS modes are refused', () => {
  for (const text of ['host=a,b', 'port=0', 'port=x', 'host=h sslmode=maybe']) {
    expect(() => clientConfig(text, {})).toThrow(expect.objectContaining({ code: 'config_invalid' }));
  }
});
