import { TestSystem } from '../support/system';

let system: TestSystem;
beforeAll(async () => {
  system = await TestSystem.create({
    configure: (config) => {
      config.tiers = {
        minutely: {
          schedule: '* * * * *',
          type: 'full',
          to: ['hot'],
          components: ['config'],
          keep: { last: 3 },
          verify: 'quick',
        },
      };
    },
  });
});
afterAll(async () => {
  await system?.destroy();
});

test('without an engine nothing is applied', async () => {
  expect(await system.cli('schedules', 'apply')).toMatchObject({ code: 2 });
});

test('a tier is run by its schedule; applying twice changes nothing', async () => {
  const up = await system.up();
  const apply = async () => JSON.parse((await system.cli('schedules', 'apply', '--json')).stdout) as unknown;
  expect(await apply()).toEqual([{ id: 'holdfast/sys/dc01/minutely', done: 'created' }]);
  expect(await apply()).toEqual([{ id: 'holdfast/sys/dc01/minutely', done: 'updated' }]);
  const [row] = JSON.parse((await system.cli('schedules', 'list', '--json')).stdout) as {
    next: string;
    applied: boolean;
  }[];
  expect(row).toMatchObject({ applied: true, next: expect.stringMatching(/:00\.000Z$/) });
  const made = await system.until(async () => {
    const heads = JSON.parse((await system.cli('list', '--json')).stdout) as { tier?: string; status: string }[];
    return heads.find(({ status }) => status === 'completed');
  }, 80_000);
  expect(made.tier).toBe('minutely');
  await up.stop();
});
