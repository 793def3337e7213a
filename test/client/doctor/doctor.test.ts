import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCli, scratch } from '../run-cli';

const folder = scratch();
const fake = path.join(folder, 'temporal');

beforeAll(() => {
  mkdirSync(path.join(folder, 'data'));
  writeFileSync(fake, '#!/bin/sh\n');
  chmodSync(fake, 0o755);
  writeFileSync(path.join(folder, 'open.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
  chmodSync(path.join(folder, 'open.key'), 0o644);
  writeFileSync(path.join(folder, 'good.key'), `${Buffer.alloc(32, 7).toString('base64')}\n`, { mode: 0o600 });
});

async function doctor(config: string) {
  writeFileSync(path.join(folder, 'holdfast.yaml'), config);
  const { code, stdout, stderr } = await runCli(['doctor', '--json'], folder, { HOLDFAST_TEMPORAL_CLI: fake });
  if (code === 2) throw new Error(stderr + stdout);
  const { healthy, findings } = JSON.parse(stdout) as {
    healthy: boolean;
    findings: { area: string; code: string; level: string; what: string; hint?: string }[];
  };
  return { code, healthy, of: (area: string) => findings.filter((one) => one.area === area) };
}

const base = (more: string) => `system: shop\nstores: { local: { kind: dir, path: store } }\n${more}\n`;
const files = 'sites: { dc01: { components: { files: { kind: files, paths: [data] } } } }';

test('where everything is there, it exits 0 and says so of each part', async () => {
  const { code, healthy, of } = await doctor(base(`${files}\nencryption: { keyFile: good.key }`));
  expect({ code, healthy }).toEqual({ code: 0, healthy: true });
  expect(of('store local').map((one) => one.code)).toEqual(['free_space', 'store', 'clock']);
  expect(of('key')[0]).toMatchObject({ level: 'ok' });
  expect(of('engine')).toEqual([{ area: 'engine', code: 'engine', level: 'ok', what: expect.stringContaining(fake) }]);
});

test('a key that others can read, with how to mend it', async () => {
  const { code, of } = await doctor(base(`${files}\nencryption: { keyFile: open.key }`));
  expect(code).toBe(1);
  expect(of('key')[0]).toMatchObject({
    code: 'key_invalid',
    level: 'error',
    hint: `chmod 600 ${path.join(folder, 'open.key')}`,
  });
});

test('a path that is not there, and a database that does not answer', async () => {
  const sites =
    'sites: { dc01: { components: { gone: { kind: files, paths: [nothing] }, db: { kind: postgres, connection: "host=/nowhere", dataDir: /nowhere } } } }';
  const { code, of } = await doctor(base(sites));
  expect(code).toBe(1);
  expect(of('dc01 gone')).toEqual([
    expect.objectContaining({
      level: 'error',
      what: `${path.join(folder, 'nothing')} does not exist`,
      hint: 'correct the path',
    }),
  ]);
  expect(of('dc01 db')).toEqual([expect.objectContaining({ code: 'postgres_unreachable', level: 'error' })]);
});

test('a secret that is not there is named, and is a finding of its part only', async () => {
  const sites = `sites: { dc01: { components: { db: { kind: postgres, connection: "host=a password=\${env:NO_SUCH}", dataDir: /nowhere } } } }`;
  const { of } = await doctor(base(sites));
  expect(of('dc01 db')).toEqual([
    expect.objectContaining({
      code: 'secret_unavailable',
      hint: 'set the environment variable NO_SUCH where this runs',
    }),
  ]);
  expect(of('store local').every((one) => one.level === 'ok')).toBe(true);
});

test('a service is asked for, and one that nobody knows is a problem', async () => {
  const services =
    'sites: { dc01: { components: {}, services: { on: { control: command, start: "true", stop: "true", state: "true" }, none: { control: command, start: "true", stop: "true", state: "exit 4" } } } }';
  const { code, of } = await doctor(base(services));
  expect(code).toBe(1);
  expect(of('dc01 service on')).toEqual([expect.objectContaining({ level: 'ok', what: 'on is running' })]);
  expect(of('dc01 service none')).toEqual([expect.objectContaining({ level: 'error' })]);
});

test('in words: one line a finding, the hints below, the count at the end', async () => {
  await doctor(base(`${files}\nencryption: { keyFile: nothing.key }`));
  const { code, stdout } = await runCli(['doctor'], folder, { HOLDFAST_TEMPORAL_CLI: fake });
  expect(code).toBe(1);
  expect(stdout).toMatch(/^PROBLEM +key +the key file cannot be read: ENOENT/m);
  expect(stdout).toMatch(/^hint: key: make one with/m);
  expect(stdout.trimEnd()).toMatch(/to be mended$/);
});
