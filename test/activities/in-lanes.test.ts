import { setTimeout as pause } from 'node:timers/promises';
import { inLanes, Slots } from '../../activities/in-lanes';

describe('work in lanes', () => {
  test('keeps the order of the items and never does more at once than there are lanes', async () => {
    let [running, most] = [0, 0];
    const results = await inLanes([5, 1, 4, 2, 3], new Slots(2), async (item) => {
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
    await expect(inLanes([3, 1, 2, 4], new Slots(2), work)).rejects.toThrow('failure of 1');
    expect({ begun, ended }).toEqual({ begun: [3, 1], ended: [3] });
  });

  test('has nothing to do for no items', async () => {
    expect(await inLanes([], new Slots(2), () => Promise.reject(new Error('called')))).toEqual([]);
  });

  test('shares its slots with others: together they never do more at once, and one alone has them all', async () => {
    const slots = new Slots(3);
    let [running, most] = [0, 0];
    const work = async (item: number) => {
      most = Math.max(most, ++running);
      await pause(2);
      running--;
      return item;
    };
    const several = Array.from({ length: 4 }, () => inLanes([1, 2, 3, 4, 5], slots, work));
    expect((await Promise.all(several)).flat()).toEqual(Array(4).fill([1, 2, 3, 4, 5]).flat());
    expect(most).toBe(3);
    most = 0;
    await inLanes([1, 2, 3, 4, 5], slots, work);
    expect(most).toBe(3);
  });

  test('what fails in one leaves the others their slots', async () => {
    const slots = new Slots(1);
    const failing = inLanes([1, 2], slots, () => Promise.reject(new Error('no')));
    const other = inLanes([1, 2], slots, async (item) => item);
    await expect(failing).rejects.toThrow('no');
    expect(await other).toEqual([1, 2]);
  });
});
