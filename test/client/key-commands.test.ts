import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { loadConfig } from '../../components/config-file/load';
import { openConfiguredRepository } from '../../components/config-file/open-repository';
import { runCli, scratch } from './run-cli';

const folder = scratch();
const config = path.join(folder, 'holdfast.yaml');

function write(encryption: string, second = 'two'): void {
  const sites = 'sites: { dc01: { components: { files: { kind: files, paths: [data] } } } }';
  const stores = `stores: { one: { kind: dir, path: one }, ${second}: { kind: dir, path: ${second} } }`;
  writeFileSync(config, `system: shop\n${stores}\n${sites}\nencryption: ${encryption}\n`);
}

async function asked(...args: string[]) {
  const { code, stdout, stderr } = await runCli([...args, '--json'], folder);
  return { code, said: JSON.parse(stdout || '{}'), stderr };
}

beforeAll(async () => {
  for (const name of ['old', 'new', 'escrow']) {
    writeFileSync(path.join(folder, `${name}.key`), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  }
  write('{ keyFile: old.key }');
  process.env['XDG_STATE_HOME'] = folder; // as the commands have it
  const { config: loaded } = await loadConfig(config);
  await (await openConfiguredRepository(loaded, { create: true })).close();
});

test('a key is replaced: added, told to every host, the old one retired', async () => {
  const [first] = (await asked('key', 'list')).said;
  expect(first).toMatchObject({ mode: 'file', stores: ['one', 'two'], lacking: [], configured: true });
  const added = await asked('key', 'add', 'new.key');
  expect(added).toMatchObject({ code: 0, said: { stores: ['one', 'two'] } });
  expect(await asked('key', 'retire', first.fingerprint, '--yes')).toMatchObject({
    code: 2,
    said: { error: { code: 'key_still_needed' } },
  });
  write('{ keyFile: new.key }');
  expect(await asked('key', 'retire', first.fingerprint)).toMatchObject({
    code: 2,
    said: { error: { code: 'confirmation_required' } },
  });
  expect(await asked('key', 'retire', first.fingerprint, '--yes')).toMatchObject({
    code: 0,
    said: { stores: ['one', 'two'] },
  });
  expect((await asked('key', 'list')).said).toMatchObject([{ fingerprint: added.said.fingerprint, configured: true }]);
  write('{ keyFile: old.key }');
  expect(await asked('list')).toMatchObject({ code: 2, said: { error: { code: 'key_wrong' } } });
  write('{ keyFile: new.key }');
  expect(await asked('list')).toMatchObject({ code: 0, said: [] });
});

test('doctor looks whether the escrow key opens every store', async () => {
  write('{ keyFile: new.key, escrow: { keyFile: escrow.key } }');
  const findings = async () => {
    const { findings } = (await asked('doctor')).said as { findings: { area: string; level: string; what: string }[] };
    return findings.filter(({ area }) => area === 'key').map(({ level, what }) => [level, what]);
  };
  expect(await findings()).toContainEqual(['error', expect.stringMatching(/escrow key .* does not open any store/)]);
  const { said } = await asked('key', 'add', 'escrow.key');
  expect(await findings()).toContainEqual(['ok', `the escrow key ${said.fingerprint} opens every store`]);
  write(`{ keyFile: new.key, escrow: { fingerprint: ${said.fingerprint} } }`);
  expect(await findings()).toContainEqual(['ok', `the escrow key ${said.fingerprint} opens every store`]);
  write('{ keyFile: new.key }');
  expect(await findings()).toContainEqual(['warning', expect.stringContaining('no escrow key')]);
  write('{ keyFile: new.key, escrow: { keyFile: new.key } }');
  expect(await findings()).toContainEqual(['error', expect.stringContaining('the escrow key is the configured one')]);
  // It is tried, and not only looked up; and so is the configured one, in each store alone.
  const entry = (store: string) => path.join(folder, store, 'keys', `${said.fingerprint}.json`);
  const kept = readFileSync(entry('two'), 'utf8');
  const other = { ...JSON.parse(kept), wrapped: Buffer.alloc(60).toString('base64') };
  writeFileSync(entry('two'), JSON.stringify(other));
  write('{ keyFile: new.key, escrow: { keyFile: escrow.key } }');
  expect(await findings()).toContainEqual(['error', `the escrow key ${said.fingerprint} does not open two`]);
  rmSync(entry('two'));
  write(`{ keyFile: escrow.key, escrow: { fingerprint: ${said.fingerprint} } }`);
  expect(await findings()).toContainEqual(['error', expect.stringContaining('configured key does not open two:')]);
  expect(await asked('key', 'add', 'escrow.key')).toMatchObject({ code: 0, said: { stores: ['two'] } });
});

test.each([
  [['key', 'add'], 'usage'],
  [['key', 'add', 'new.key', '--kms', 'alias/x'], 'usage'],
  [['key', 'add', 'nowhere.key'], 'key_invalid'],
  [['key', 'retire', '0000000000000000', '--yes'], 'usage'],
])('%j is refused', async (args, code) => {
  expect(await asked(...args)).toMatchObject({ code: 2, said: { error: { code } } });
});

test('where a store is away no key is added anywhere', async () => {
  write('{ keyFile: new.key }', 'gone');
  writeFileSync(path.join(folder, 'more.key'), `${randomBytes(32).toString('base64')}\n`, { mode: 0o600 });
  const keys = () => readdirSync(path.join(folder, 'one', 'keys')).sort();
  const before = keys();
  expect(await asked('key', 'add', 'more.key')).toMatchObject({
    code: 1,
    said: { error: { code: 'store_unavailable' } },
  });
  expect(keys()).toEqual(before);
});

test('where a disk is not mounted no key is added, and none is retired: what lies on it would know no other', async () => {
  write('{ keyFile: new.key }');
  const place = path.join(folder, 'two');
  renameSync(place, `${place}.kept`);
  mkdirSync(place);
  const refused = { code: 1, said: { error: { code: 'store_unavailable', where: place } } };
  expect(await asked('key', 'add', 'escrow.key')).toMatchObject(refused);
  expect(await asked('key', 'retire', '0000000000000000', '--yes')).toMatchObject(refused);
  expect(readdirSync(place)).toEqual([]);
});
