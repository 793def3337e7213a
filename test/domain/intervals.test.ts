import { holes, merge, overlap, within, without } from '../../domain/intervals';

const stretch = (from: number, to: number) => ({ from, to });

test('what touches or overlaps is one stretch', () => {
  expect(merge([stretch(5, 9), stretch(0, 3), stretch(3, 5), stretch(20, 20)])).toEqual([stretch(0, 9)]);
  expect(holes([stretch(0, 3), stretch(5, 9), stretch(10, 11)])).toEqual([stretch(3, 5), stretch(9, 10)]);
});

test('what lies in none of the others', () => {
  const cuts = [stretch(2, 4), stretch(6, 7)];
  expect(without([stretch(0, 10)], cuts)).toEqual([stretch(0, 2), stretch(4, 6), stretch(7, 10)]);
  expect(without([stretch(2, 4)], cuts)).toEqual([]);
  expect(without([stretch(3, 6), stretch(8, 9)], cuts)).toEqual([stretch(4, 6), stretch(8, 9)]);
  expect(without([stretch(0, 1)], [])).toEqual([stretch(0, 1)]);
});

test('what lies in both', () => {
  expect(within([stretch(0, 3), stretch(5, 9)], stretch(2, 6))).toEqual([stretch(2, 3), stretch(5, 6)]);
  expect(within([stretch(0, 3)], stretch(3, 6))).toEqual([]);
  expect(overlap(stretch(0, 3), stretch(2, 5))).toBe(true);
  expect(overlap(stretch(0, 3), stretch(3, 5))).toBe(false);
});
