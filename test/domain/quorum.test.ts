import { heldByQuorum } from '../../domain/quorum';

test('the position that so many have reached', () => {
  const positions = [30n, 10n, 20n];
  expect([1, 2, 3].map((quorum) => heldByQuorum(positions, quorum))).toEqual([30n, 20n, 10n]);
  expect(heldByQuorum([7n], 2)).toBe(0n);
  expect(heldByQuorum([], 1)).toBe(0n);
});
