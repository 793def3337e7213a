/** What the policy takes of backups in real stores, by every rule, and that the seed which is told draws it again. */
import path from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { SiteContext } from '../../../activities/context';
import type { SamplePlan } from '../../../activities/verify/contracts';
import { planSample } from '../../../activities/verify/sample';
import type { BackupHead } from '../../../domain/backup';
import { parseConfig } from '../../../domain/config/parse';
import { putHead } from '../../../repository/heads';
import { folder, makeBackup, removeAll } from '../../repository/made';

let context: SiteContext;

const idOf = (type: string, day: number) => `shop_${type}_2026010${day}_000000`;

beforeAll(async () => {
  const dir = await folder();
  const text = `system: shop
sites: { dc01: { components: { config: { kind: files, paths: [/etc] } } } }
stores: { hot: { kind: dir, path: ${dir}/hot }, cold: { kind: dir, path: ${dir}/cold } }
`;
  context = new SiteContext({
    ...{ loaded: parseConfig(text, path.join(dir, 'holdfast.yaml'), {}), site: 'dc01', processQueue: 'none' },
  });
  const repository = await context.repository({ create: true });
  const made = async (store: string, type: BackupHead['type'], day: number, more: Partial<BackupHead> = {}) => {
    const copy = repository.copy(store);
    const head = await makeBackup(copy, idOf(type, day));
    await putHead(copy, { ...head, type, startedAt: `2026-01-0${day}T00:00:00Z`, ...more });
  };
  for (const store of ['hot', 'cold']) {
    await made(store, 'full', 1);
    await made(store, 'incremental', 2, { chain: [idOf('full', 1)] });
    await made(store, 'full', 3);
    await made(store, 'incremental', 4, { chain: [idOf('full', 3)] });
  }
  await made('hot', 'full', 5);
  await made('hot', 'full', 6, { site: 'dc02' });
  await made('hot', 'full', 7, { status: 'failed' });
});
afterAll(async () => {
  await context?.close();
  await removeAll();
});

async function drawn(runId: string): Promise<SamplePlan> {
  const env = new MockActivityEnvironment({ workflowExecution: { workflowId: 'verify-sample/shop/dc01', runId } });
  return await env.run(() => planSample(context, { site: 'dc01' }));
}

test('the newest, the end of the oldest chain, the newest of each store, and one by chance', async () => {
  const { copies, seed, at } = await drawn('a run');
  const of = (rule: string) =>
    copies.filter((one) => one.rule === rule).map(({ store, backupId }) => [store, backupId]);
  expect(of('latest')).toEqual([['hot', idOf('full', 5)]]);
  expect(of('oldest-chain').concat(of('random'))).toContainEqual(['hot', idOf('incremental', 2)]);
  expect(of('each-store').concat(of('random'))).toContainEqual(['cold', idOf('incremental', 4)]);
  expect(copies.some(({ backupId }) => /0[67]_/.test(backupId))).toBe(false);
  expect(seed).toBe('a run');
  expect(at).toBeUndefined(); // files have no points in time to choose from
});

test('a retry takes the same, and another run another one by chance', async () => {
  expect(await drawn('a run')).toEqual(await drawn('a run'));
  const chosen = new Set<string>();
  for (let run = 0; run < 30; run++) {
    for (const { rule, store, backupId } of (await drawn(`run ${run}`)).copies)
      if (rule === 'random') chosen.add(`${store}/${backupId}`);
  }
  expect(chosen.size).toBeGreaterThan(3);
});
