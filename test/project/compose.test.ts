/** docker-compose.yml is valid, and keeps what we promise of a deployment. */
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Ajv from 'ajv';
import { parse } from 'yaml';
import { exists, read, readJson, root } from './tree';

interface Service {
  image: string;
  build?: string;
  command?: string[];
  user?: string;
  init?: boolean;
  environment?: Record<string, string>;
  healthcheck?: { test?: string[]; disable?: boolean };
  volumes?: string[];
  depends_on?: Record<string, { condition: string }>;
  configs?: { source: string }[];
  secrets?: string[];
  networks?: string[];
}
interface Compose {
  services: Record<string, Service>;
  volumes: Record<string, unknown>;
  networks: Record<string, unknown>;
  configs: Record<string, { file: string }>;
  secrets: Record<string, { file: string }>;
}

const text = read('docker-compose.yml');
const compose = parse(text, { merge: true }) as Compose;
const services = Object.entries(compose.services);
const valid = new Ajv({ strict: true, allowUnionTypes: true }).compile(readJson('test/project/compose-schema.json'));
const composers = [['docker', 'compose'], ['docker-compose']].filter(
  ([program, ...first]) => spawnSync(program as string, [...first, 'version']).status === 0,
);

test('it has the form the Compose Specification gives', () => {
  expect([valid(compose), valid.errors]).toEqual([true, null]);
});

test.each([
  ['an unknown key', { services: { a: { image: 'x', imagee: 'y' } } }],
  ['a duration without unit', { services: { a: { image: 'x', healthcheck: { interval: '30' } } } }],
  ['an unknown condition', { services: { a: { image: 'x', depends_on: { b: { condition: 'ready' } } } } }],
])('the check of that form refuses %s', (_what, wrong) => {
  expect(valid(wrong)).toBe(false);
});

test(`docker's own config check accepts it (${composers.length > 0 ? composers[0]?.join(' ') : 'no compose here: read by our rules only'})`, () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'compose-'));
  try {
    const file = path.join(folder, 'env');
    writeFileSync(file, [...variablesOf(text)].map((name) => `${name}=1234`).join('\n'));
    const args = ['-f', path.join(root, 'docker-compose.yml'), '--env-file', file, 'config', '--quiet'];
    for (const [program, ...first] of composers) execFileSync(program as string, [...first, ...args]);
    expect(services.length).toBeGreaterThan(0);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('one site is complete: engine, its database and UI, S3 server, database to protect, worker, agent and cron', () => {
  expect(Object.keys(compose.services)).toEqual(
    expect.arrayContaining(['temporal', 'temporal-database', 'temporal-ui', 's3', 'database']),
  );
  expect(ours().map(([name]) => name)).toEqual(expect.arrayContaining(['control-worker', 'site-agent', 'backup-cron']));
});

test('every service is watched by a health check', () => {
  const unwatched = services.filter(([, one]) => !one.healthcheck?.test?.length || one.healthcheck.disable);
  expect(unwatched.map(([name]) => name)).toEqual([]);
});

test('services wait for each other by health, and only for services there are', () => {
  const waits = services.flatMap(([, one]) => Object.entries(one.depends_on ?? {}));
  expect(waits.filter(([, wait]) => wait.condition !== 'service_healthy')).toEqual([]);
  expect(waits.filter(([name]) => !compose.services[name])).toEqual([]);
});

test('no password has a value or a default: each must be set in the environment', () => {
  const secrets = services.flatMap(([name, one]) =>
    Object.entries(one.environment ?? {})
      .filter(([key]) => /PASSWORD|PWD|SECRET|ACCESS_KEY/.test(key))
      .map(([key, value]) => [`${name} ${key}`, value] as const),
  );
  expect(secrets.length).toBeGreaterThan(4);
  expect(secrets.filter(([, value]) => !/^\$\{[A-Z0-9_]+:\?[^}]+\}$/.test(value))).toEqual([]);
  expect(text).not.toMatch(/\$\{[A-Z0-9_]+(:?-[^}]*)?\}/);
});

test('.env.example names exactly the variables that must be set, and gives none a value', () => {
  const lines = read('.env.example').split('\n');
  const assignments = lines.filter((line) => /^[A-Z]/.test(line));
  expect(assignments.filter((line) => !line.endsWith('='))).toEqual([]);
  expect(new Set(assignments.map((line) => line.slice(0, -1)))).toEqual(variablesOf(text));
});

test('all state is in named volumes, and every name used is declared', () => {
  for (const [, one] of services) {
    for (const volume of one.volumes ?? []) expect(compose.volumes).toHaveProperty(volume.split(':')[0] as string);
    for (const network of one.networks ?? []) expect(compose.networks).toHaveProperty(network);
    for (const { source } of one.configs ?? []) expect(compose.configs).toHaveProperty(source);
    for (const secret of one.secrets ?? []) expect(compose.secrets).toHaveProperty(secret);
  }
  expect(Object.values(compose.configs).filter(({ file }) => !exists(file))).toEqual([]);
});

test('our image and our containers do not run as root, and reap their children', () => {
  const lastUser = [...read('Dockerfile').matchAll(/^USER (.+)$/gm)].at(-1)?.[1];
  expect(lastUser).toMatch(/^[1-9]\d*:[1-9]\d*$/);
  expect(ours().filter(([, one]) => /^(0|root)\b/.test(one.user ?? '') || !one.init)).toEqual([]);
});

test('images are pinned to a version, and the database to protect has the major version of our programs', () => {
  expect(services.filter(([, one]) => !/:[^:]*\d/.test(one.image)).map(([name]) => name)).toEqual([]);
  const major = /:(\d+)/.exec(compose.services.database?.image ?? '')?.[1];
  expect(read('Dockerfile')).toContain(`postgresql-${major}`);
});

function ours(): [string, Service][] {
  return services.filter(([, one]) => one.build !== undefined);
}

function variablesOf(yaml: string): Set<string> {
  return new Set([...yaml.matchAll(/\$\{([A-Z0-9_]+)/g)].map((match) => match[1] as string));
}
