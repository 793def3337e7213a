/** The worker is killed while retention lets backups go: the run comes to its end by itself, what was to go is gone, and nothing else. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Order } from '../../client/procedures/start';
import type { BackupHead } from '../../domain/backup';
import { retentionWorkflowId } from '../../domain/retention/requests';
import { type Moment, nameOf } from './moments';
import { backupOrder, restoreOrder, verifyOrder } from './orders';
import { Rig } from './rig';

const coolOff = 1000;
const short: Moment[] = [
  { when: 'after', activity: 'expireBackups', nth: 1 },
  { when: 'middle', activity: 'sweepBackups', nth: 1, afterMs: 12 },
];
const rest: Moment[] = [
  { when: 'before', activity: 'expireBackups', nth: 1 },
  { when: 'middle', activity: 'sweepBackups', nth: 1, afterMs: 3 },
  { when: 'middle', activity: 'sweepBackups', nth: 1, afterMs: 25 },
  { when: 'after', activity: 'sweepBackups', nth: 1 },
  { when: 'after', activity: 'planRetention', nth: 1 },
];
/** `HOLDFAST_TEST_MOMENTS=all`: every one. */
const moments = process.env['HOLDFAST_TEST_MOMENTS'] === 'all' ? [...short, ...rest] : short;

const daily = backupOrder();
const backup: Order = { ...daily, request: { ...daily.request, tier: 'daily' } };
const apply: Order = {
  type: 'applyRetention',
  workflowId: retentionWorkflowId('sys', 'dc01'),
  request: { site: 'dc01' },
  summary: 'retention under faults',
};

let rig: Rig;

beforeAll(async () => {
  const configure = (config: Record<string, unknown>) => {
    config['tiers'] = { daily: { keep: { last: 1 } } };
    config['retention'] = { coolOff: `${coolOff}ms` };
  };
  rig = await Rig.create({ configure }, ({ cluster }) => cluster.psql('create table t (id int)').then(() => undefined));
}, 120_000);
afterAll(() => rig?.destroy());

async function heads(): Promise<BackupHead[]> {
  return JSON.parse((await rig.system.cli('list', '--json')).stdout) as BackupHead[];
}

const killedIn = (moment: Moment, activity: string) => (moment.activity === activity ? moment : undefined);

test('whatever moment it is, what is to go goes once, and what stays is whole', async () => {
  const faults: string[] = [];
  expect((await rig.run(backup)).result.status).toBe('completed');
  for (const moment of moments) {
    const { backupId } = (await rig.run(backup)).result;
    const inSweep = killedIn(moment, 'sweepBackups');
    const first = await rig.run(apply, inSweep ? undefined : moment);
    await sleep(coolOff);
    const second = await rig.run(apply, inSweep);
    for (const { result } of [first, second])
      if (result.status !== 'completed') faults.push(`${nameOf(moment)}: ${JSON.stringify(result)}`);
    const left = (await heads()).map(({ id, status }) => `${id} ${status}`);
    if (left.join() !== `${backupId} completed`) faults.push(`${nameOf(moment)}: ${left.join(', ')}`);
    const folders = readdirSync(path.join(rig.system.storeDir, 'backups'));
    if (folders.join() !== backupId) faults.push(`${nameOf(moment)}: objects of ${folders.join(', ')}`);
    if (existsSync(path.join(rig.system.storeDir, 'removals')))
      faults.push(`${nameOf(moment)}: a removal is announced`);
  }
  expect(faults).toEqual([]);
}, 600_000);

test('what is left is verified and comes back', async () => {
  const [last] = await heads();
  expect((await rig.run(verifyOrder(last?.id ?? ''))).result.error).toBeUndefined();
  const to = path.join(rig.system.dir, 'out');
  expect((await rig.run(restoreOrder(last?.id ?? '', { to }))).result.error).toBeUndefined();
});
