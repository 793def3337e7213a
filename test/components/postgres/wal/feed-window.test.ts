import { FeedWindow } from '../../../../components/postgres/wal/feed-window';

function holding(count: number, room: number, ...held: number[]): FeedWindow {
  const window = new FeedWindow(count, room);
  for (const one of held) window.add(one);
  return window;
}

test('what comes next is fetched first, and no more than there is room for', () => {
  const window = holding(10, 4, 0, 1);
  expect(window.next([])).toBe(2);
  expect(window.next([2, 3])).toBeUndefined();
  window.moveTo(2);
  expect(window.awaited).toBe(true);
  expect(window.next([2, 3])).toBe(4);
});

test('what lies behind goes only when its room is needed, the oldest first', () => {
  const window = holding(10, 4, 0, 1, 2, 3);
  window.moveTo(2);
  expect(window.toRemoveFor(0)).toEqual([]);
  expect(window.toRemoveFor(1)).toEqual([0]);
  expect(window.toRemoveFor(2)).toEqual([0, 1]);
  expect(window.toRemoveFor(3)).toEqual([0, 1]);
});

test('a server that begins again gets what it passed before, at the cost of what lies farthest ahead', () => {
  const window = holding(20, 4, 10, 11, 12, 13);
  window.moveTo(11);
  expect(window.ahead).toBe(2);
  window.moveTo(5);
  expect(window.awaited).toBe(true);
  expect(window.next([])).toBe(5);
  expect(window.toRemoveFor(1)).toEqual([13]);
  expect(window.toRemoveFor(2)).toEqual([13, 12]);
});

test('behind the last segment there is nothing', () => {
  const window = holding(3, 4, 0, 1, 2);
  window.moveTo(2);
  expect(window.next([])).toBeUndefined();
  expect(window).toMatchObject({ awaited: false, ahead: 0 });
});
