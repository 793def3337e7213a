import { setTimeout as pause } from 'node:timers/promises';
import { inLanes } from '../../activities/in-lanes';

describe('work in lanes', () => {
  test('keeps the order of the items and never does more at once than there are lanes', async () => {
    let [running, most] = [0, 0];
    const results = await inLanes([5, 1, 4, 2, 3], 2, async (item) => {
      most = Math.max(most, ++running);
      await pause(item);
      running--;
      return item * 10;
    });
    expect(results).toEqual([50, 10, 40, 20, 30]);
    expect(most).toBe(2);
  });

  test('after a failure begins nothing new, waits for what runs, and tells the first failure', async () => {
    const [begun, ended]: number[][] = [[], []];
    const work = async (item: number) => {
      begun?.push(item);
      await pause(item === 1 ? 1 : 30);
      if (item < 3) throw new Error(`failure of ${item}`);
      ended?.push(item);
    };
    await expect(inLanes([3, 1, 2, 4], 2, work)).rejects.toThrow('failure of 1');
    expect({ begun, ended }).toEqual({ begun: [3, 1], ended: [3] });
  });

  test('has nothing to do for no items', async () => {
    expect(await inLanes([], 2, () => Promise.reject(new Error('called')))).toEqual([]);
  });
});
