import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { runCli, scratch } from './run-cli';

const folder = scratch();
const config = `system: shop
sites:
  dc01: { components: { files: { kind: files, paths: [data] } } }
  dc02: { components: { files: { kind: files, paths: [data] } } }
stores: { far: { kind: s3, bucket: far-away } }
tiers: { daily: { to: [far] } }
`;
writeFileSync(path.join(folder, 'holdfast.yaml'), config);

async function refusal(...args: string[]) {
  const { code, stdout, stderr } = await runCli([...args, '--json'], folder);
  const lines = stdout.split('\n').filter(Boolean);
  expect(lines).toHaveLength(1);
  const { error } = JSON.parse(lines[0] as string);
  expect(stderr).not.toContain('error:');
  return { exit: code, ...error };
}

test.each([
  [['backup', '--nonsense'], /unknown option '--nonsense'/],
  [['bakup'], /unknown command 'bakup'/],
  [[], /a command is missing/],
  [['config'], /a command is missing/],
  [['restore'], /missing required argument/],
  [['restore', 'latest', '--exclusive', '--site', 'dc01'], /--exclusive needs a target/],
  [['restore', 'latest', '--delta', '--to', 'x', '--site', 'dc01'], /--delta works in place/],
  [['restore', 'latest', '--place-only', '--site', 'dc01'], /--place-only needs --to/],
  [['restore', 'latest', '--start', '--place-only', '--to', 'x'], /exclude each other/],
  [['restore', 'latest', '--to', 'x', '--timeline', 'first'], /not a timeline/],
  [['restore', 'latest', '--to', 'x', '--tablespace-map', 'nonsense'], /expected OLD=NEW/],
  [['restore', 'latest', '--to', 'x'], /several sites and none was named/],
  [['backup'], /several sites and none was named/],
  [['backup', '--site', 'dc3'], /no site "dc3"/],
  [['backup', '--tier', 'dayly'], /no tier "dayly"/],
  [['backup', '--site', 'dc01', '--component', 'file'], /no component "file"/],
  [['backup', '--tier', 'daily', '--no-upload'], /no store of kind dir/],
  [['backup', '--type', 'increment'], /is invalid/],
  [['verify'], /name a backup, or say --all/],
  [['verify', 'latest', '--all'], /name a backup, or say --all/],
  [['verify', 'latest', '--quick', '--full'], /cannot be used with/],
  [['verify', 'latest', '--full', '--test-restore'], /cannot be used with/],
  [['verify', 'latest', '--store', 'fat', '--site', 'dc01'], /no store "fat"/],
  [['verify', 'latest', '--restore-path', 'x'], /--restore-path needs --test-restore/],
  [['verify', '--sample', '--all'], /--sample takes what the policy says/],
  [['recovery-test', 'run'], /name a scenario, or say --all/],
  [['recovery-test', 'run', 'full_recovery', '--all'], /name a scenario, or say --all/],
  [['recovery-test', 'run', 'total_recovery'], /no scenario "total_recovery"/],
  [['list', '--jsonl'], /exclude each other/],
  [['up', '--metrics', '9464'], /"9464" is no address for metrics/],
  [['worker'], /names no Temporal server/],
])('exit 2 and one JSON document: holdfast %j', async (args, message) => {
  expect(await refusal(...args)).toMatchObject({ exit: 2, code: 'usage', message: expect.stringMatching(message) });
});

test('what replaces data in place asks first, and nobody can be asked here', async () => {
  expect(await refusal('restore', 'latest', '--site', 'dc01')).toMatchObject({
    exit: 2,
    code: 'confirmation_required',
    hints: ['add --yes to agree'],
  });
});

test('errors for people are lower-case lines on stderr, hints behind them, nothing on stdout', async () => {
  const { code, stdout, stderr } = await runCli(['backup', '--site', 'dc1'], folder);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(/^error: there is no site "dc1" in the configuration\nhint: did you mean "dc01"\?$/m);
});

test('questions start no engine: status without one is exit 2', async () => {
  expect(await refusal('status')).toMatchObject({ exit: 2, code: 'engine_unavailable' });
});

test('help and version go to stdout with exit 0', async () => {
  const help = await runCli(['restore', '--help'], folder);
  expect(help).toMatchObject({ code: 0, stdout: expect.stringContaining('--tablespace-map'), stderr: '' });
  expect((await runCli(['--version'], folder)).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
});

test('commands of later releases do not exist', async () => {
  for (const command of ['drill', 'failover', 'export']) {
    expect(await refusal(command)).toMatchObject({ exit: 2, message: `unknown command '${command}'` });
  }
});
