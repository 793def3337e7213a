import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCli, scratch } from './run-cli';

const folder = scratch();
const at = (name: string) => path.join(folder, name);

test('init writes a configuration that check accepts, and never overwrites one', async () => {
  const made = await runCli(['config', 'init', '--json'], folder);
  expect(made).toMatchObject({ code: 0, stdout: `${JSON.stringify({ file: at('holdfast.yaml') })}\n` });
  const text = readFileSync(at('holdfast.yaml'), 'utf8');
  const checked = await runCli(['config', 'check', '--json'], folder);
  expect(checked.code).toBe(0);
  expect(JSON.parse(checked.stdout)).toMatchObject({ file: at('holdfast.yaml'), config: { system: 'example' } });
  const words = (await runCli(['config', 'check'], folder)).stdout;
  expect(words).toMatch(/monthly +cold +months 12 +fifo +compliance, 372d/);
  const again = await runCli(['config', 'init'], folder);
  expect(again).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('nothing is ever overwritten') });
  expect(readFileSync(at('holdfast.yaml'), 'utf8')).toBe(text);
});

test('check shows what the environment filled, in words and as JSON', async () => {
  writeFileSync(at('open.yaml'), 'system: a\nsites: { s: { components: {} } }\n');
  const env = { BACKUP_ROOT: '/srv/backups', BACKUP_RETENTION_DAYS: '9' };
  const words = await runCli(['config', 'check', '--config', 'open.yaml'], folder, env);
  expect(words.stdout).toMatch(/stores\.local\.path +\/srv\/backups +BACKUP_ROOT/);
  expect(words.stdout).toMatch(/retentionDays +9 +BACKUP_RETENTION_DAYS/);
  const json = await runCli(['config', 'check', '--config', 'open.yaml', '--json'], folder, env);
  expect(JSON.parse(json.stdout).filled).toContainEqual({
    setting: 'retentionDays',
    value: '9',
    source: 'environment',
    variable: 'BACKUP_RETENTION_DAYS',
  });
});

test('check shows the objectives that hold for each component', async () => {
  const database = '{ kind: postgres, connection: host=a, dataDir: /a, objectives: { rpo: 5s } }';
  const components = `{ db: ${database}, etc: { kind: files, paths: [/etc] } }`;
  const text = `system: a\nsites: { s: { components: ${components} } }\nobjectives: { rpo: 15m, rto: 30m }\n`;
  writeFileSync(at('promises.yaml'), `${text}metrics: { address: "127.0.0.1:9464" }\n`);
  const { stdout } = await runCli(['config', 'check', '--config', 'promises.yaml'], folder);
  expect(stdout).toMatch(/^s +db +postgres +\/a +rpo 5s, rto 30m$/m);
  expect(stdout).toMatch(/^s +etc +files +\/etc +rto 30m$/m);
  expect(stdout).toContain('metrics: http://127.0.0.1:9464/metrics');
});

test('problems are told with file and line, in the terminal and as JSON', async () => {
  writeFileSync(at('bad.yaml'), 'system: a\nsites: { s: { components: {} } }\nstors: {}\nparallelJobs: many\n');
  const hints = [
    `${at('bad.yaml')}:3: stors: unknown key; did you mean "stores"?`,
    `${at('bad.yaml')}:4: parallelJobs: expected a number, found text`,
  ];
  const json = await runCli(['config', 'check', '--config', 'bad.yaml', '--json'], folder);
  expect(json.code).toBe(2);
  expect(JSON.parse(json.stdout)).toEqual({
    error: { code: 'config_invalid', message: 'the configuration has 2 problems', where: `${at('bad.yaml')}:3`, hints },
  });
  const words = await runCli(['config', 'check', '--config', 'bad.yaml'], folder);
  expect(words.stdout).toBe('');
  expect(words.stderr.split('\n')).toEqual([
    `error: the configuration has 2 problems (${at('bad.yaml')}:3)`,
    ...hints.map((hint) => `hint: ${hint}`),
    '',
  ]);
});

test('without --config the environment names the file, and relative paths are meant from where the user stands', async () => {
  mkdirSync(at('deep'));
  writeFileSync(at('deep/mine.yaml'), 'system: mine\nsites: { s: { components: {} } }\n');
  const named = await runCli(['config', 'check', '--json'], folder, { HOLDFAST_CONFIG: 'deep/mine.yaml' });
  expect(JSON.parse(named.stdout).file).toBe(at('deep/mine.yaml'));
  const throughNpm = await runCli(['config', 'check', '--config', 'mine.yaml', '--json'], '/', {
    INIT_CWD: at('deep'),
  });
  expect(JSON.parse(throughNpm.stdout).file).toBe(at('deep/mine.yaml'));
});

test('the schema is a JSON Schema with or without --json', async () => {
  const plain = await runCli(['config', 'schema'], folder);
  const json = await runCli(['config', 'schema', '--json'], folder);
  expect(JSON.parse(plain.stdout)).toEqual(JSON.parse(json.stdout));
  expect(JSON.parse(plain.stdout).properties).toHaveProperty('sites');
});
