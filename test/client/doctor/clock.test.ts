import { checkClock } from '../../../client/doctor/clock';

const off = (ms: number) => checkClock('the store', async () => new Date(Date.now() + ms));

test('clocks that agree, drift, and are far apart', async () => {
  expect((await off(500)).level).toBe('ok');
  expect(await off(-60_000)).toMatchObject({
    level: 'warning',
    code: 'clock',
    hint: expect.stringContaining('time server'),
  });
  expect((await off(3_600_000)).level).toBe('error');
});
