import { contiguousEnd, holes, merge } from '../../domain/intervals';
import { parseHistory, timelineOfPosition, timelineOfSegment } from '../../domain/timeline';

const history = '1\t0/3000180\tno recovery target specified\n\n# a comment\n2\t0/5000000\tby hand\n';

test('a history file becomes the way to its timeline', () => {
  const path = parseHistory(3, history);
  expect(path).toEqual([
    { timeline: 1, from: 0n, to: 0x3000180n },
    { timeline: 2, from: 0x3000180n, to: 0x5000000n },
    { timeline: 3, from: 0x5000000n },
  ]);
  const mib16 = 16 * 1024 * 1024;
  expect(timelineOfPosition(path, 0x300017fn)).toBe(1);
  expect(timelineOfPosition(path, 0x3000180n)).toBe(2);
  // The fork lies within segment 3: the new timeline's file begins with a copy of the old one.
  expect([2n, 3n, 4n, 5n].map((segment) => timelineOfSegment(path, segment, mib16))).toEqual([1, 2, 2, 3]);
});

test('a recovery that stopped before the fork of the timeline it followed leaves that out of the way', () => {
  expect(parseHistory(3, '1\t0/9\tx\n2\t0/1\tx\n')).toEqual([
    { timeline: 1, from: 0n, to: 1n },
    { timeline: 3, from: 1n },
  ]);
  expect(parseHistory(4, '1\t0/9\tx\n2\t0/9\tx\n3\t0/5\tx\n')).toEqual([
    { timeline: 1, from: 0n, to: 5n },
    { timeline: 4, from: 5n },
  ]);
});

test.each(['2\t0/1\tx\n1\t0/2\tx\n', '1\tzero\tx\n', '5\t0/1\tx\n'])(
  'a history that makes no sense is refused: %j',
  (text) => {
    expect(() => parseHistory(3, text)).toThrow(expect.objectContaining({ code: 'timeline_unreachable' }));
  },
);

test('stretches that touch or overlap become one, and holes lie between', () => {
  const merged = merge([
    { from: 20, to: 30 },
    { from: 0, to: 5 },
    { from: 5, to: 8 },
    { from: 2, to: 3 },
    { from: 40, to: 40 },
  ]);
  expect(merged).toEqual([
    { from: 0, to: 8 },
    { from: 20, to: 30 },
  ]);
  expect(holes(merged)).toEqual([{ from: 8, to: 20 }]);
  expect([0, 7, 8, 25].map((start) => contiguousEnd(merged, start))).toEqual([8, 8, 8, 30]);
});
