import { Watch } from './watch';

/** A server that knows these counts: runs that have begun, that have ended, workflows that have ended. */
function watching(counts: [begun: number, ended: number, all: number]) {
  const said: string[] = [];
  const count = async (query = '') => ({
    count: counts[query.startsWith('ExecutionStatus') ? 2 : query.includes('ExecutionStatus') ? 1 : 0],
    groups: [],
  });
  return { said, watch: new Watch({ count }, 3, { since: 0, stall: 60, say: (line) => said.push(line) }) };
}

test('it goes on as long as anything ends, says how far it is, and ends when all have ended', async () => {
  const counts: [number, number, number] = [0, 0, 0];
  const { watch, said } = watching(counts);
  expect(await watch.look(20_000)).toBe(false);
  for (const step of [1, 2, 3]) {
    counts[2] = step;
    expect(await watch.look(20_000 + step * 50_000)).toBe(false);
  }
  [counts[0], counts[1]] = [3, 3];
  expect(await watch.look(300_000)).toBe(true);
  expect(said[0]).toBe('0 of 3 runs have begun, 0 have ended');
  expect(said.at(-1)).toBe('3 of 3 runs have begun, 3 have ended');
});

test('runs that never come are not waited for for ever', async () => {
  const { watch } = watching([1, 0, 0]);
  expect(await watch.look(1000)).toBe(false);
  expect(await watch.look(60_000)).toBe(false);
  await expect(watch.look(62_000)).rejects.toThrow('1 of 3 runs have begun, 0 have ended, and for 60 s nothing');
});
