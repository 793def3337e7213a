import type { PlanSummary } from '../../domain/pack';
import { findPlan, getRunPlan, PlanWriter } from '../../repository/plans';
import { folder, keyFile, open, removeAll } from './made';

afterAll(removeAll);

const generation = { backupId: 'b', component: 'data', generation: 0 };
const summary: PlanSummary = { runs: 2, packs: 0, files: 0, bytes: 0, lastFrom: 2, skipped: [] };

test('a plan counts as a whole: of two planners at once one is followed in every run', async () => {
  const copy = (await open({ roots: [await folder()], keySource: await keyFile() })).copy();
  const planners = [1, 2, 3].map((number) => ({ number, writer: new PlanWriter(copy, generation) }));
  expect(await findPlan(copy, generation)).toBeUndefined();
  await Promise.all(
    planners.flatMap(({ number, writer }) =>
      [0, 1].map((run) => writer.putRun({ run, entries: [], packs: [{ pack: number, slices: [] }] })),
    ),
  );
  await expect(getRunPlan(copy, generation, 0)).rejects.toMatchObject({ code: 'object_not_found' });
  const published = await Promise.all(
    planners.map(({ number, writer }) => writer.publish({ ...summary, packs: number })),
  );
  const winner = published[0]?.packs;
  expect(published.map(({ packs }) => packs)).toEqual([winner, winner, winner]);
  for (const run of [0, 1]) expect((await getRunPlan(copy, generation, run)).packs[0]?.pack).toBe(winner);
});
