/** Wrong names on the command line: refused by every command before anything is started. */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { RecoveryTestResult } from '../../domain/verification/results';
import { putHead } from '../../repository/heads';
import { putRecoveryTest } from '../../repository/recovery-tests';
import { Repository } from '../../repository/repository';
import { openStore } from '../../repository/stores/open';
import { runCli, scratch } from './run-cli';

const folder = scratch();
const at = (name: string) => path.join(folder, name);
const full = 'shop_full_20260101_010000';
const typo = 'shop_full_20260101_010009';
const runId = '0f3c2a1b-1111-4222-8333-444455556666';

const played: RecoveryTestResult = {
  ...{ format: 1, system: 'shop', site: 'dc01', runId, status: 'proved' },
  ...{ startedAt: '2026-01-02T03:04:05.000Z', endedAt: '2026-01-02T03:05:05.000Z', scenarios: [] },
};

beforeAll(async () => {
  for (const name of ['hot', 'data']) mkdirSync(at(name));
  writeFileSync(
    at('holdfast.yaml'),
    `system: shop
sites: { dc01: { components: { files: { kind: files, paths: [data] } } } }
stores: { hot: { kind: dir, path: hot }, deep: { kind: s3, bucket: deep } }
tiers: { daily: { to: [hot], keep: { last: 7 }, move: [{ after: 2d, store: deep }] } }
`,
  );
  const stores = [openStore('hot', { kind: 'dir', path: at('hot') })];
  const repository = await Repository.open({ stores, keySource: { kind: 'none' }, system: 'shop', create: true });
  await putHead(repository.copy(), {
    ...{ id: full, system: 'shop', site: 'dc01', type: 'full', status: 'completed', components: {} },
    ...{ startedAt: '2026-01-01T01:00:00.000Z', bytes: 1, storedBytes: 1, stores: ['hot'], location: at('hot') },
  });
  await putRecoveryTest(repository.copy(), played);
  await repository.close();
  // Of stores that are all there nothing is left to doubt.
  writeFileSync(
    at('near.yaml'),
    `system: shop
sites: { dc01: { components: { files: { kind: files, paths: [data] } } } }
stores: { hot: { kind: dir, path: hot } }
`,
  );
});

async function asked(...args: string[]) {
  const { code, stdout } = await runCli([...args, '--json', '--config', 'near.yaml'], folder);
  return { code, said: JSON.parse(stdout) };
}

test('a backup that is not there, by every command that takes one', async () => {
  const commands = [
    ['restore', typo, '--to', 'out'],
    ['restore', typo],
    ['verify', typo],
    ['replicate', typo],
    ['consolidate', typo],
    ['recovery-test', 'run', 'full_recovery', '--backup', typo],
    ['pin', typo],
    ['unpin', typo],
  ];
  const answers = await Promise.all(commands.map(async (command) => ({ command, ...(await asked(...command)) })));
  for (const { command, code, said } of answers) {
    expect({ command, code, ...said }).toMatchObject({
      ...{ command, code: 2 },
      error: { code: 'backup_not_found', hints: [`did you mean "${full}"?`, expect.any(String)] },
    });
  }
  expect(existsSync(at('holdfast'))).toBe(false);
});

test('what was not pinned is no error', async () => {
  expect(await asked('unpin', full)).toMatchObject({ code: 0, said: { stores: [] } });
});

test('a recovery that was not played, and one that was, by the beginning of its id', async () => {
  expect(await asked('recovery-test', 'report', '0f3c2a1d')).toMatchObject({
    code: 2,
    said: { error: { code: 'recovery_not_found', hints: ['did you mean "0f3c2a1b"?', expect.any(String)] } },
  });
  expect(await asked('recovery-test', 'report', `${runId.slice(0, -1)}7`)).toMatchObject({ code: 2 });
  for (const named of ['0f3c', runId])
    expect(await asked('recovery-test', 'report', named)).toMatchObject({ code: 0, said: [{ runId }] });
});

test('the rules by which backups go, of each tier and store, and of no tier that there is not', async () => {
  const { code, stdout } = await runCli(['retention', 'policies', 'daily', '--json'], folder);
  const common = { tier: 'daily', strategy: 'fifo', retentionClass: 'standard', keep: { last: 7 } };
  expect({ code, said: JSON.parse(stdout) }).toEqual({
    code: 0,
    said: [
      { ...common, store: 'hot', move: [{ store: 'deep', after: 2 * 86_400_000 }] },
      { ...common, store: 'deep', move: [] },
    ],
  });
  expect((await runCli(['retention', 'policies'], folder)).stdout).toMatch(
    /daily +hot +fifo +last 7 +standard +to deep after 2d/,
  );
  const wrong = await runCli(['retention', 'policies', 'dayly'], folder);
  expect({ code: wrong.code, stdout: wrong.stdout }).toEqual({ code: 2, stdout: '' });
  expect(wrong.stderr).toMatch(/no tier "dayly"[^\n]*\nhint: did you mean "daily"\?/);
});
