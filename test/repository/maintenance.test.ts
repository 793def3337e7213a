/** Marks of maintenance in a real store: sealed, written anew, and readable after anything. */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { MaintenanceReader } from '../../client/catalog/maintenance';
import type { MaintenanceRun } from '../../domain/schedule/maintenance';
import { putMaintenanceRun } from '../../repository/maintenance';
import { folder, keyFile, open, removeAll } from './made';

afterAll(removeAll);

const of = { site: 'dc01', work: 'retention' } as const;

function run(day: number, status: MaintenanceRun['status'] = 'completed'): MaintenanceRun {
  const [startedAt, endedAt] = [`2026-01-0${day}T03:00:00.000Z`, `2026-01-0${day}T03:01:00.000Z`];
  const error = { code: 'listing_incomplete', message: 'hot lists 1 fewer backups than it should' };
  return { workflowId: 'w', runId: `r${day}`, status, startedAt, endedAt, ...(status === 'failed' && { error }) };
}

test('the newest run and when it was last done are kept, and nothing of it is in the clear', async () => {
  const root = await folder();
  const copy = (await open({ roots: [root], keySource: await keyFile() })).copy();
  const reader = new MaintenanceReader();
  expect(await reader.read(copy, ['dc01'])).toEqual([]);
  await putMaintenanceRun(copy, of, run(1));
  await putMaintenanceRun(copy, of, run(2, 'failed'));
  await putMaintenanceRun(copy, { ...of, site: 'dc02' }, run(1));
  const mark = { site: 'dc01', work: 'retention', firstAt: run(1).endedAt, completedAt: run(1).endedAt };
  expect(await reader.read(copy, ['dc01'])).toEqual([{ format: 1, ...mark, last: run(2, 'failed') }]);
  expect(await reader.read(copy, ['dc01', 'dc02', 'dc03'])).toHaveLength(2);
  const object = await readFile(path.join(root, 'maintenance', 'dc01', 'retention'));
  expect(object.includes('fewer backups')).toBe(false);
});

test('one that was damaged is left out, and written anew by the next run', async () => {
  const root = await folder();
  const copy = (await open({ roots: [root], keySource: await keyFile() })).copy();
  await putMaintenanceRun(copy, of, run(1));
  await writeFile(path.join(root, 'maintenance', 'dc01', 'retention'), 'scratched');
  expect(await new MaintenanceReader().read(copy, ['dc01'])).toEqual([]);
  await putMaintenanceRun(copy, of, run(2));
  expect(await new MaintenanceReader().read(copy, ['dc01'])).toMatchObject([{ completedAt: run(2).endedAt }]);
});
